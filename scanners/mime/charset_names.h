// The known charsets: the name that iconv has, how they are converted, and the names used in mail.
#pragma once

#include <array>
#include <string_view>

#include "scanners/mime/charset.h"

namespace sluice::scan::mime {

struct CharsetInfo {
  const char* iconv_name;
  CharsetKind kind;
  // Names of RFC 2978's registry and of practice, in lower case without '-', '_' and ' '.
  std::string_view names;
};

// As browsers do, the first Latin and Thai sets are read as their Windows supersets.
inline constexpr std::array kCharsets{
    CharsetInfo{"UTF-8", CharsetKind::utf8, "utf8 usascii ascii ansix3.41968 cp65001"},
    CharsetInfo{"CP1252", CharsetKind::single, "iso88591 latin1 windows1252 cp1252 l1 xansi ansi"},
    CharsetInfo{"CP1250", CharsetKind::single, "windows1250 cp1250"},
    CharsetInfo{"CP1251", CharsetKind::single, "windows1251 cp1251 win1251"},
    CharsetInfo{"CP1253", CharsetKind::single, "windows1253 cp1253"},
    CharsetInfo{"CP1254", CharsetKind::single, "windows1254 cp1254 iso88599 latin5"},
    CharsetInfo{"CP1255", CharsetKind::single, "windows1255 cp1255"},
    CharsetInfo{"CP1256", CharsetKind::single, "windows1256 cp1256"},
    CharsetInfo{"CP1257", CharsetKind::single, "windows1257 cp1257"},
    CharsetInfo{"CP1258", CharsetKind::single, "windows1258 cp1258"},
    CharsetInfo{"ISO-8859-2", CharsetKind::single, "iso88592 latin2 l2"},
    CharsetInfo{"ISO-8859-3", CharsetKind::single, "iso88593 latin3"},
    CharsetInfo{"ISO-8859-4", CharsetKind::single, "iso88594 latin4"},
    CharsetInfo{"ISO-8859-5", CharsetKind::single, "iso88595 cyrillic"},
    CharsetInfo{"ISO-8859-6", CharsetKind::single, "iso88596 iso88596i iso88596e arabic"},
    CharsetInfo{"ISO-8859-7", CharsetKind::single, "iso88597 greek"},
    CharsetInfo{"ISO-8859-8", CharsetKind::single, "iso88598 iso88598i iso88598e hebrew"},
    CharsetInfo{"ISO-8859-10", CharsetKind::single, "iso885910 latin6"},
    CharsetInfo{"CP874", CharsetKind::single, "iso885911 tis620 windows874 cp874"},
    CharsetInfo{"ISO-8859-13", CharsetKind::single, "iso885913"},
    CharsetInfo{"ISO-8859-14", CharsetKind::single, "iso885914 latin8"},
    CharsetInfo{"ISO-8859-15", CharsetKind::single, "iso885915 latin9 latin0"},
    CharsetInfo{"ISO-8859-16", CharsetKind::single, "iso885916 latin10"},
    CharsetInfo{"KOI8-R", CharsetKind::single, "koi8r koi8"},
    CharsetInfo{"KOI8-U", CharsetKind::single, "koi8u"},
    CharsetInfo{"MACINTOSH", CharsetKind::single, "macintosh mac xmacroman"},
    CharsetInfo{"CP866", CharsetKind::single, "cp866 ibm866"},
    CharsetInfo{"CP437", CharsetKind::single, "cp437 ibm437"},
    CharsetInfo{"CP850", CharsetKind::single, "cp850 ibm850"},
    CharsetInfo{"GB18030", CharsetKind::multiple, "gb18030 gbk gb2312 cp936 windows936 euccn xgbk"},
    CharsetInfo{"BIG5", CharsetKind::multiple, "big5 cp950 xxbig5 big5hkscs windows950"},
    CharsetInfo{"CP932", CharsetKind::multiple, "shiftjis sjis xsjis cp932 windows31j mskanji"},
    CharsetInfo{"EUC-JP", CharsetKind::multiple, "eucjp xeucjp"},
    CharsetInfo{"CP949", CharsetKind::multiple, "euckr ksc56011987 ksc5601 cp949 windows949 uhc"},
    CharsetInfo{"ISO-2022-JP-2", CharsetKind::shifted, "iso2022jp iso2022jp2 csiso2022jp cp50220"},
    CharsetInfo{"ISO-2022-KR", CharsetKind::shifted, "iso2022kr csiso2022kr"},
    CharsetInfo{"UTF-7", CharsetKind::shifted, "utf7 unicode11utf7"},
    CharsetInfo{"UTF-16LE", CharsetKind::wide, "utf16le utf16 ucs2 unicode iso10646ucs2"},
    CharsetInfo{"UTF-16BE", CharsetKind::wide, "utf16be"},
};

static_assert(kCharsets[kWestern].names.starts_with("iso88591 "));

inline constexpr Charset kUtf7 = kCharsets.size() - 3;
inline constexpr Charset kUtf16Little = kCharsets.size() - 2;
inline constexpr Charset kUtf16Big = kCharsets.size() - 1;

}  // namespace sluice::scan::mime
