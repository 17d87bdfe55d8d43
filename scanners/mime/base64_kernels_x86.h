// For the choice among them alone: a kernel may run only where the processor has its instructions.
#pragma once

#include "scanners/mime/base64_kernel.h"

namespace sluice::scan::mime {

#if defined(__x86_64__)
extern const Base64Kernel kBase64Avx512;  // AVX-512 BW, VBMI, VBMI2
extern const Base64Kernel kBase64Avx2;
#endif

}  // namespace sluice::scan::mime
