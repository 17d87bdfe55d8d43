#include "engine/net/dpdk/capture.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/net_dev/frames.h"

namespace sluice::net {
namespace {

struct Block {
  std::uint32_t type;
  std::string body;  // between the two lengths
};

std::uint32_t word(const std::string& text, std::size_t at) {
  std::uint32_t value = 0;
  std::memcpy(&value, text.data() + at, sizeof value);
  return value;
}

// Reads the file as the pcapng draft defines it: each block has its length at both ends.
std::vector<Block> read_blocks(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  std::vector<Block> blocks;
  for (std::size_t at = 0; at < text.size();) {
    const std::uint32_t length = word(text, at + 4);
    EXPECT_EQ(length % 4, 0u);
    EXPECT_EQ(word(text, at + length - 4), length);
    blocks.push_back({word(text, at), text.substr(at + 8, length - 12)});
    at += length;
  }
  return blocks;
}

class CaptureTest : public ::testing::Test {
 protected:
  void SetUp() override { capture_ = std::move(*Capture::open(path_, "mx0", 2)); }
  void TearDown() override { std::remove(path_.c_str()); }
  void record(unsigned worker, Capture::Direction direction, const Frame& frame) {
    ASSERT_TRUE(capture_->stage(worker, direction, frame));
    capture_->publish(worker);
  }

  std::string path_ = ::testing::TempDir() + "sluice_capture_test.pcapng";
  std::unique_ptr<Capture> capture_;
};

TEST_F(CaptureTest, HoldsEveryPublishedFrameWithItsDirection) {
  const Frame in = ipv4_frame({}, 3), out = ipv4_frame({}, 1'400);
  record(0, Capture::Direction::inbound, in);
  record(1, Capture::Direction::outbound, out);
  ASSERT_TRUE(capture_->stage(0, Capture::Direction::outbound, out));  // refused by the device
  capture_.reset();
  std::vector<std::pair<std::uint32_t, std::string>> frames;
  for (const Block& block : read_blocks(path_)) {
    if (block.type != 6) continue;
    const std::uint32_t length = word(block.body, 12);
    EXPECT_EQ(word(block.body, 16), length);
    const std::size_t options = 20 + ((length + 3) & ~3u);
    frames.emplace_back(word(block.body, options + 4), block.body.substr(20, length));
  }
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0], std::pair(1u, std::string(as_text(in))));
  EXPECT_EQ(frames[1], std::pair(2u, std::string(as_text(out))));
}

TEST_F(CaptureTest, BeginsWithSectionAndInterfaceAndEndsWithStatistics) {
  capture_.reset();
  const std::vector<Block> blocks = read_blocks(path_);
  ASSERT_EQ(blocks.size(), 3u);
  EXPECT_EQ(blocks[0].type, 0x0a0d0d0au);
  EXPECT_EQ(word(blocks[0].body, 0), 0x1a2b3c4du);
  EXPECT_EQ(blocks[1].type, 1u);
  EXPECT_NE(blocks[1].body.find("mx0"), std::string::npos);
  EXPECT_EQ(blocks[2].type, 5u);
}

TEST_F(CaptureTest, AFrameThatDoesNotFitIsLostFromTheFileOnlyAndCounted) {
  const Frame huge(3 * 1024 * 1024, 0);
  EXPECT_FALSE(capture_->stage(0, Capture::Direction::inbound, huge));
  EXPECT_EQ(capture_->dropped(), 1u);
  capture_.reset();
  const Block statistics = read_blocks(path_).back();
  EXPECT_EQ(word(statistics.body, 16), 1u);  // isb_ifdrop
}

TEST(Capture, NamesTheFileThatItCannotWrite) {
  auto capture = Capture::open("/nonexistent/folder/x.pcapng", "mx0", 1);
  ASSERT_FALSE(capture);
  EXPECT_NE(capture.error().find("/nonexistent/folder/x.pcapng"), std::string::npos);
}

}  // namespace
}  // namespace sluice::net
