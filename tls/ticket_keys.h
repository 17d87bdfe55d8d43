// The keys that session tickets are sealed with (RFC 5077 4, RFC 8446 4.6.1), shared by all workers
// and by every generation of the configuration, so that a ticket of one core or of yesterday's
// certificate file is good on another. They live in memory only. One thread rotates; workers read
// without a lock: a slot is written over long after its key has stopped counting.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "tls/handle.h"

namespace sluice::tls {

struct TicketKey {
  static constexpr std::size_t kNameBytes = 16;
  std::array<std::uint8_t, kNameBytes> name{};  // stands in the ticket
  std::array<std::uint8_t, 32> cipher{};        // AES-256-CBC
  std::array<std::uint8_t, 32> mac{};           // HMAC-SHA-256

  TicketKey() = default;
  TicketKey(const TicketKey&) = delete;
  TicketKey& operator=(const TicketKey&) = delete;
  ~TicketKey();  // wiped
};

class TicketKeys {
 public:
  enum class Age : std::uint8_t { unknown, current, previous };

  TicketKeys() noexcept { rotate(); }
  ~TicketKeys();

  // A fresh random key seals from now on; the one before still opens, older ones do not. One
  // thread.
  void rotate() noexcept;

  // Any thread.
  bool current(TicketKey& key) const noexcept;
  Age find(std::span<const std::uint8_t, TicketKey::kNameBytes> name,
           TicketKey& key) const noexcept;

  // Makes `context`, which must not outlive the keys, use them.
  void attach(SSL_CTX* context) const noexcept;

 private:
  static constexpr std::size_t kWords = sizeof(TicketKey) / sizeof(std::uint64_t);
  static constexpr std::uint32_t kSlots = 4;  // current, previous, resting, next

  struct Slot {
    std::atomic<std::uint32_t> version{0};  // odd: being written
    std::array<std::atomic<std::uint64_t>, kWords> words{};
  };

  static void store(Slot& slot, const TicketKey& key) noexcept;
  static bool load(const Slot& slot, TicketKey& key) noexcept;

  std::array<Slot, kSlots> slots_;
  std::atomic<std::uint32_t> current_{0};  // rotations; modulo kSlots the slot
};

}  // namespace sluice::tls
