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

TEST(ByteSource, refuses_what_is_larger_than_its_limit) {
  const ScratchFolder folder;
  const std::string text(5000, 'x');
  write_text(folder.file("a.gz"), gzip(text));
  write_text(folder.file("a"), text);
  const auto why = [](const std::string& path, std::uint64_t bytes_max) -> std::string {
    try {
      return read_whole_file(path, bytes_max).substr(0, 1);
    } catch (const ReportError& error) {
      return error.what();
    }
  };
  for (const char* name : {"a", "a.gz"}) EXPECT_EQ(why(folder.file(name), 5000), "x") << name;
  EXPECT_NE(why(folder.file("a"), 4999).find("it has 5000 bytes, and at most 4999 are read"), std::string::npos);
  EXPECT_NE(why(folder.file("a.gz"), 4999).find("it has more than 4999 bytes"), std::string::npos);
}

TEST(LineSource, refuses_a_longer_line_than_its_limit) {
  const ScratchFolder folder;
  write_text(folder.file("a"), "short\n" + std::string(1'000'000, 'x') + "\n");
  LineSource lines{folder.file("a"), UINT64_MAX, 1000};
  EXPECT_EQ(lines.next(), "short");
  EXPECT_THROW((void)lines.next(), ReportError);
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
