// The two steps of base64 that vectors do well, for each instruction set; the decoder does the
// rest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace sluice::scan::mime {

struct Base64Strip {
  std::size_t read = 0;     // octets looked at; stops before a block that holds "="
  std::size_t symbols = 0;  // written
  bool foreign = false;     // an octet was neither of the alphabet nor white space
};

struct Base64Kernel {
  const char* name;
  std::size_t block;  // octets it works on at once; a call with fewer reads none
  // The values (0..63) of the symbols among `size` octets, the others left out. `to` has room for
  // `size` and a block more.
  Base64Strip (*strip)(const std::uint8_t* from, std::size_t size, std::uint8_t* to) noexcept;
  // Three octets from each four of the `size` symbols (a multiple of 4); `from` may be read a block
  // beyond, `to` is written no further than the result.
  void (*pack)(const std::uint8_t* from, std::size_t size, std::uint8_t* to) noexcept;
};

// What this processor can run, best first; the last works everywhere. Chosen once, at start.
std::span<const Base64Kernel* const> base64_kernels() noexcept;

}  // namespace sluice::scan::mime
