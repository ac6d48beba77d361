#include "reports/files/output_file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <string>

#include "reports/files/line_source.h"
#include "tests/base/files_at_most.h"
#include "tests/reports/scratch_folder.h"

namespace windtunnel::reports::output_file_test {
namespace {

using std::filesystem::exists;

// Lines that a compressor cannot fold into nothing, of 20 bytes each. So many are compared by ==: a failed EXPECT_EQ
// would line them up with each other for minutes.
std::string many_lines(int count) {
  std::string text;
  std::uint32_t state = 1;
  for (int i = 0; i < count; ++i) {
    for (int k = 0; k < 19; ++k) text += static_cast<char>('a' + (state = state * 1'664'525 + 1'013'904'223) % 26 % 16);
    text += '\n';
  }
  return text;
}

TEST(OutputFile, is_there_only_when_finished) {
  const ScratchFolder folder;
  const std::string path = folder.file("a.txt");
  OutputFile file{path};
  file.append("hello\n");
  EXPECT_FALSE(exists(path));
  EXPECT_TRUE(exists(path + ".partial"));
  file.finish();
  EXPECT_EQ(text_in(path), "hello\n");
  EXPECT_FALSE(exists(path + ".partial"));
  file.finish();
}

TEST(OutputFile, stays_partial_when_not_finished) {
  const ScratchFolder folder;
  const std::string path = folder.file("a.txt");
  write_text(path, "earlier");
  { OutputFile{path}.append("half"); }
  EXPECT_EQ(text_in(path), "earlier");
  EXPECT_EQ(text_in(path + ".partial"), "half");
}

TEST(OutputFile, holds_more_than_its_buffer) {
  const ScratchFolder folder;
  const std::string text = many_lines(200'000);
  ASSERT_GT(text.size(), 3 * OutputFile::kBufferSize);
  OutputFile file{folder.file("a.txt")};
  file.append(text.substr(0, 100));
  file.append(text.substr(100));
  EXPECT_EQ(file.bytes(), text.size());
  file.finish();
  EXPECT_TRUE(text_in(folder.file("a.txt")) == text);
}

TEST(OutputFile, lends_room_in_its_buffer) {
  const ScratchFolder folder;
  OutputFile file{folder.file("a.txt")};
  std::string expected;
  for (int i = 0; i < 12'000; ++i) {
    const std::string piece(static_cast<std::size_t>(i % 300), static_cast<char>('a' + i % 26));
    std::memcpy(file.reserve(300), piece.data(), piece.size());
    file.commit(piece.size());
    expected += piece;
  }
  const std::string long_one(2 * OutputFile::kBufferSize, 'z');
  std::memcpy(file.reserve(long_one.size()), long_one.data(), long_one.size());
  file.commit(long_one.size());
  file.finish();
  EXPECT_TRUE(text_in(folder.file("a.txt")) == expected + long_one);
}

TEST(OutputFile, compresses_what_is_named_zst) {
  const ScratchFolder folder;
  const std::string text = many_lines(200'000);
  OutputFile file{folder.file("a.jsonl.zst")};
  file.append(text);
  file.finish();
  EXPECT_LT(std::filesystem::file_size(folder.file("a.jsonl.zst")), text.size() * 3 / 4);
  EXPECT_TRUE(read_whole_file(folder.file("a.jsonl.zst")) == text);
}

TEST(OutputFile, leaves_a_readable_frame_when_not_finished) {
  const ScratchFolder folder;
  { OutputFile{folder.file("a.zst")}.append("half\n"); }
  EXPECT_FALSE(exists(folder.file("a.zst")));
  EXPECT_EQ(read_whole_file(folder.file("a.zst.partial")), "half\n");
}

// A device is only ever named through a link in the scratch folder: if the code were wrong, run by root, it would
// otherwise put a plain file in the place of the machine's own device.
std::string link_to(const std::string& device, const ScratchFolder& folder) {
  std::filesystem::create_symlink(device, folder.file("device"));
  return folder.file("device");
}

TEST(OutputFile, writes_devices_in_place) {
  const ScratchFolder folder;
  const std::string path = link_to("/dev/null", folder);
  OutputFile file{path};
  file.append("gone");
  EXPECT_FALSE(exists(path + ".partial"));
  file.finish();
  EXPECT_TRUE(file.finished());
  EXPECT_TRUE(std::filesystem::is_symlink(path));
  EXPECT_TRUE(std::filesystem::is_character_file(path));
}

TEST(OutputFile, reports_that_the_disk_is_full) {
  const ScratchFolder folder;
  const std::string path = link_to("/dev/full", folder);
  OutputFile file{path};
  file.append("does not fit");
  try {
    file.finish();
    FAIL() << "a full disk took it";
  } catch (const ReportError& error) {
    EXPECT_EQ(error.operation(), "write");
    EXPECT_EQ(error.path(), path);
    EXPECT_EQ(error.what(), path + ": cannot write: No space left on device");
  }
  EXPECT_FALSE(file.finished());
  EXPECT_TRUE(file.failed());
  EXPECT_THROW(file.finish(), ReportError);
}

TEST(OutputFile, detects_a_full_disk_as_soon_as_the_buffer_is_full_and_reports_it_at_the_end) {
  for (const bool reserved : {false, true}) {
    const ScratchFolder folder;
    OutputFile file{link_to("/dev/full", folder)};
    file.append(std::string(OutputFile::kBufferSize, 'x'));
    EXPECT_FALSE(file.failed());
    reserved ? static_cast<void>(file.reserve(1)) : file.append("x");
    EXPECT_TRUE(file.failed());
    file.append("this is not written");
    try {
      file.finish();
      FAIL() << "a full disk took it";
    } catch (const ReportError& error) {
      EXPECT_TRUE(std::string(error.what()).ends_with(": cannot write: No space left on device"));
    }
    EXPECT_FALSE(file.finished());
  }
}

// A regular file is written by a thread of its own: its failure is known one buffer later.
TEST(OutputFile, reports_at_the_end_that_a_regular_file_cannot_grow) {
  for (const char* const name : {"a.txt", "a.txt.zst"}) {
    const ScratchFolder folder;
    const FilesAtMost limit{OutputFile::kBufferSize};
    OutputFile file{folder.file(name)};
    file.append(many_lines(300'000));
    EXPECT_TRUE(file.failed()) << name;
    try {
      file.finish();
      FAIL() << "a file that could not grow took it";
    } catch (const ReportError& error) {
      EXPECT_EQ(error.what(), folder.file(name) + ".partial: cannot write: File too large");
    }
    EXPECT_FALSE(exists(folder.file(name)));
    EXPECT_EQ(std::filesystem::file_size(folder.file(name) + ".partial"), OutputFile::kBufferSize);
  }
}

TEST(OutputFile, keeps_all_of_it_when_not_finished) {
  const ScratchFolder folder;
  const std::string text = many_lines(200'000);
  { OutputFile{folder.file("a.txt")}.append(text); }
  EXPECT_TRUE(text_in(folder.file("a.txt.partial")) == text);
  { OutputFile{folder.file("a.zst")}.append(text); }
  EXPECT_TRUE(read_whole_file(folder.file("a.zst.partial")) == text);
}

TEST(OutputFile, has_all_of_it_in_the_file_after_a_flush) {
  const ScratchFolder folder;
  const std::string text = many_lines(200'000);
  OutputFile file{folder.file("a.txt")};
  file.append(text);
  file.flush();
  EXPECT_TRUE(text_in(file.partial_path()) == text);
}

TEST(OutputFile, reports_that_it_cannot_be_opened) {
  const ScratchFolder folder;
  try {
    const OutputFile file{folder.file("missing/a.txt")};
    FAIL() << "a file in no folder was opened";
  } catch (const ReportError& error) {
    EXPECT_EQ(error.operation(), "open");
    EXPECT_NE(std::string(error.what()).find("No such file or directory"), std::string::npos);
  }
}

TEST(OutputFile, reports_that_it_cannot_be_renamed_and_keeps_the_bytes) {
  const ScratchFolder folder;
  OutputFile file{folder.file("a.txt")};
  file.append("kept");
  std::filesystem::create_directory(folder.file("a.txt"));
  try {
    file.finish();
    FAIL() << "a file replaced a folder";
  } catch (const ReportError& error) {
    EXPECT_EQ(error.operation(), "rename");
  }
  EXPECT_EQ(text_in(folder.file("a.txt.partial")), "kept");
}

}  // namespace
}  // namespace windtunnel::reports::output_file_test
