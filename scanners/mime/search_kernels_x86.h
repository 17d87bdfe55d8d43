// For the choice among them alone: a kernel may run only where the processor has its instructions.
#pragma once

#include "scanners/mime/octet_search.h"

namespace sluice::scan::mime {

#if defined(__x86_64__)
extern const SearchKernel kSearchAvx512;  // AVX-512 BW
extern const SearchKernel kSearchAvx2;
#endif
extern const SearchKernel kSearchPortable;

}  // namespace sluice::scan::mime
