#include "bench/allocations.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace windtunnel::bench {
namespace {

std::atomic<std::uint64_t> allocations_made{0};

void* allocate(std::size_t size, std::size_t alignment) {
  allocations_made.fetch_add(1, std::memory_order_relaxed);
  if (size == 0) size = 1;
  void* const memory = alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__
                           ? std::malloc(size)
                           : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc{};
  return memory;
}

}  // namespace

std::uint64_t allocations() { return allocations_made.load(std::memory_order_relaxed); }

}  // namespace windtunnel::bench

// The array and nothrow forms call these.
void* operator new(std::size_t size) { return windtunnel::bench::allocate(size, 0); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return windtunnel::bench::allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
