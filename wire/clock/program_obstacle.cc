#include "wire/clock/program_obstacle.h"

#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string_view>
#include <vector>

namespace windtunnel::wire {
namespace {

constexpr int kInterpretersMax = 4;  // of a script whose interpreter is a script
#if defined(__x86_64__)
constexpr Elf64_Half kMachine = EM_X86_64;
#else
constexpr Elf64_Half kMachine = EM_AARCH64;
#endif

// Empty: there is none.
std::string path_of(const std::string& program) {
  if (program.find('/') != std::string::npos) return program;
  const char* const variable = std::getenv("PATH");
  std::string_view folders = variable == nullptr ? "/usr/bin:/bin" : variable;
  while (!folders.empty()) {
    const std::size_t end = folders.find(':');
    const std::string path = std::string(folders.substr(0, end)) + "/" + program;
    if (access(path.c_str(), X_OK) == 0) return path;
    folders = end == std::string_view::npos ? std::string_view{} : folders.substr(end + 1);
  }
  return {};
}

// Zeros where the file has ended.
template <class T>
T value_at(std::ifstream& file, std::uint64_t place) {
  T value{};
  file.clear();
  file.seekg(static_cast<std::streamoff>(place));
  file.read(reinterpret_cast<char*>(&value), sizeof value);
  return value;
}

std::string text_at(std::ifstream& file, std::uint64_t place) {
  std::string text;
  file.clear();
  file.seekg(static_cast<std::streamoff>(place));
  std::getline(file, text, '\0');
  return text;
}

// The program of "#!/usr/bin/env NAME" or "#!/bin/NAME"; empty: it is no script.
std::string interpreter_of(std::ifstream& file) {
  std::string line;
  file.clear();
  file.seekg(0);
  if (!std::getline(file, line) || !line.starts_with("#!")) return {};
  std::vector<std::string> words;
  for (std::size_t at = 2; at < line.size();) {
    const std::size_t begin = line.find_first_not_of(" \t", at);
    if (begin == std::string::npos) break;
    at = std::min(line.find_first_of(" \t", begin), line.size());
    words.push_back(line.substr(begin, at - begin));
  }
  if (words.empty()) return {};
  const bool is_found = words.size() > 1 && words.front().ends_with("/env") && !words[1].starts_with("-");
  return is_found ? words[1] : words.front();
}

bool is_of_go(std::ifstream& file, const Elf64_Ehdr& header) {
  const auto names = value_at<Elf64_Shdr>(file, header.e_shoff + std::uint64_t{header.e_shstrndx} * sizeof(Elf64_Shdr));
  for (unsigned i = 0; i < header.e_shnum; ++i) {
    const auto section = value_at<Elf64_Shdr>(file, header.e_shoff + i * sizeof(Elf64_Shdr));
    if (text_at(file, names.sh_offset + section.sh_name) == ".go.buildinfo") return true;
  }
  return false;
}

std::optional<std::string> obstacle_in(std::ifstream& file) {
  const auto header = value_at<Elf64_Ehdr>(file, 0);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return std::nullopt;
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_machine != kMachine) {
    return "it was built for another processor";
  }
  if (is_of_go(file, header)) return "it is a Go program, whose waits do not go through libc";
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const auto segment = value_at<Elf64_Phdr>(file, header.e_phoff + i * sizeof(Elf64_Phdr));
    if (segment.p_type != PT_INTERP) continue;
    if (text_at(file, segment.p_offset).find("ld-musl") == std::string::npos) return std::nullopt;
    return "its libc is musl, and the library of the clock needs glibc";
  }
  return "it is linked statically, so that nothing can be preloaded";
}

}  // namespace

std::optional<std::string> obstacle_of(const std::string& program) {
  std::string path = path_of(program);
  for (int i = 0; i < kInterpretersMax && !path.empty(); ++i) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) return std::nullopt;
    if ((status.st_mode & (S_ISUID | S_ISGID)) != 0 && geteuid() != status.st_uid) {
      return "it runs with rights of its own (setuid), so that the system preloads nothing";
    }
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    if (auto obstacle = obstacle_in(file)) return obstacle;
    const std::string interpreter = interpreter_of(file);
    path = interpreter.empty() ? interpreter : path_of(interpreter);
  }
  return std::nullopt;
}

}  // namespace windtunnel::wire
