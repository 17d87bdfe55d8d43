#include "queueing/in_hand.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <utility>

namespace sluice::queueing {

struct InHand::Page {
  std::uint64_t magic;
  volatile std::uint64_t mid;  // 0: nothing is in hand; written last
  volatile std::uint32_t work;
  volatile std::uint64_t icid;
};

namespace {

constexpr std::uint64_t kMagic = 0x31444e4148494c53ULL;  // "SLIHAND1"
constexpr std::size_t kPageBytes = 4096;

}  // namespace

std::string_view name_of(Work work) noexcept {
  switch (work) {
    case Work::none: return "nothing";
    case Work::scan: return "scan";
    case Work::delivery: return "delivery";
    case Work::arrival: return "arrival";
  }
  return "?";
}

InHand::InHand(const std::string& directory) {
  const int fd = open((directory + "/in_hand").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return;
  void* memory = MAP_FAILED;
  if (ftruncate(fd, kPageBytes) == 0)
    memory = mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (memory == MAP_FAILED) return;
  page_ = static_cast<Page*>(memory);
  if (page_->magic == kMagic && page_->mid != 0) left_ = now();
  page_->mid = 0;
  page_->magic = kMagic;
}

InHand::~InHand() {
  if (page_ != nullptr) munmap(page_, kPageBytes);
}

void InHand::take(Mid mid, Work work, Icid icid) noexcept {
  if (page_ == nullptr) return;
  page_->work = std::to_underlying(work);
  page_->icid = icid;
  page_->mid = mid;
}

InHand::Left InHand::now() const noexcept {
  if (page_ == nullptr || page_->mid == 0) return {};
  const std::uint32_t work = page_->work;
  const bool known = work <= std::to_underlying(Work::arrival);
  return {page_->mid, known ? static_cast<Work>(work) : Work::none, page_->icid};
}

}  // namespace sluice::queueing
