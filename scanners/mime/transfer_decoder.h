// Undoes a Content-Transfer-Encoding (RFC 2045 6), incrementally.
#pragma once

#include "scanners/mime/base64.h"
#include "scanners/mime/message_sink.h"
#include "scanners/mime/quoted_printable.h"
#include "scanners/mime/uuencode.h"

namespace sluice::scan::mime {

class TransferDecoder {
 public:
  void begin(TransferEncoding encoding) noexcept {
    encoding_ = encoding;
    base64_.begin();
    quoted_printable_.begin();
    uuencode_.begin();
  }

  // Calls `tell` with decoded octets: where they lie when they are not encoded, else in `room` (at
  // least 4 octets).
  template <typename Tell>
  void feed(ByteView in, MutableBytes room, Tell&& tell) noexcept {
    Uudecoded<Tell> uudecoded(tell);
    switch (encoding_) {
      case TransferEncoding::identity: tell(in); return;
      case TransferEncoding::uuencode: uuencode_.feed(in, uudecoded); return;
      case TransferEncoding::base64:
        while (!in.empty()) tell(ByteView(room.first(base64_.decode(in, room))));
        return;
      case TransferEncoding::quoted_printable:
        while (!in.empty()) tell(ByteView(room.first(quoted_printable_.decode(in, room))));
        return;
    }
  }

  template <typename Tell>
  void finish(MutableBytes room, Tell&& tell) noexcept {
    Uudecoded<Tell> uudecoded(tell);
    switch (encoding_) {
      case TransferEncoding::identity: return;
      case TransferEncoding::uuencode: uuencode_.finish(uudecoded); return;
      case TransferEncoding::base64: tell(ByteView(room.first(base64_.finish(room)))); return;
      case TransferEncoding::quoted_printable:
        tell(ByteView(room.first(quoted_printable_.finish(room))));
        return;
    }
  }

  Anomalies anomalies() const noexcept {
    Anomalies all = base64_.anomalies();
    all.add(quoted_printable_.anomalies());
    all.add(uuencode_.anomalies());
    return all;
  }

 private:
  template <typename Tell>
  struct Uudecoded final : UuencodeSink {
    explicit Uudecoded(Tell& to) noexcept : tell(to) {}
    void uuencoded_begin(std::string_view) noexcept override {}
    void uuencoded(ByteView decoded) noexcept override { tell(decoded); }
    void uuencoded_end() noexcept override {}
    Tell& tell;
  };

  TransferEncoding encoding_ = TransferEncoding::identity;
  Base64Decoder base64_;
  QuotedPrintableDecoder quoted_printable_;
  UuencodeReader uuencode_;
};

}  // namespace sluice::scan::mime
