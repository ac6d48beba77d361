#include "reports/files/byte_source.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

#include "reports/files/line_source.h"
#include "tests/reports/scratch_folder.h"

namespace windtunnel::reports::byte_source_test {
namespace {

std::string gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(text.size() + 1000, '\0');
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

struct Lines {
  std::size_t count = 0;
  std::size_t bytes = 0;
  bool cut_short = false;
};

Lines lines_of(const std::string& path) {
  LineSource source{path};
  Lines lines;
  while (const auto line = source.next()) {
    ++lines.count;
    lines.bytes += line->size();
  }
  lines.cut_short = source.cut_short();
  return lines;
}

TEST(GzipSource, reads_members_one_after_the_other_and_sees_a_cut) {
  const ScratchFolder folder;
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "line " + std::to_string(i % 7) + "\n";
  write_text(folder.file("a.gz"), gzip(text) + gzip("last\n"));
  const Lines whole = lines_of(folder.file("a.gz"));
  EXPECT_EQ(whole.count, 200'001U);
  EXPECT_EQ(whole.bytes, 200'000U * 6 + 4);
  EXPECT_FALSE(whole.cut_short);
  const std::string packed = gzip(text);
  write_text(folder.file("b.gz"), packed.substr(0, packed.size() / 2));
  EXPECT_TRUE(lines_of(folder.file("b.gz")).cut_short);
  write_text(folder.file("c.gz"), packed.substr(0, packed.size() - 8) + "checksum");
  EXPECT_THROW((void)lines_of(folder.file("c.gz")), ReportError);
}

TEST(ByteSource, peek_hands_out_what_read_returns_next) {
  const ScratchFolder folder;
  write_text(folder.file("a"), gzip("0123456789"));
  ByteSource source{folder.file("a")};
  EXPECT_EQ(source.peek(4), "0123");
  EXPECT_EQ(source.peek(100), "0123456789");
  std::string text(3, ' ');
  EXPECT_EQ(source.read(text.data(), 3), 3U);
  EXPECT_EQ(text, "012");
  EXPECT_EQ(source.peek(2), "34");
}

}  // namespace
}  // namespace windtunnel::reports::byte_source_test
