#pragma once
// Hands events to handlers. An event is a value of any type; the types that belong together are the alternatives of a
// variant, so that a recording is a vector of that variant.
//
//   struct Calls {
//     std::int64_t count = 0;
//     void on(const AttemptEnded&) { ++count; }
//   };
//   deliver(calls, event);  // counts the attempts and ignores every other event
//
// A handler is any class, and lists only the events that it needs. An overload counts if it is public, returns nothing
// and takes exactly that event by const reference: a conversion never leads an event to another event's overload.

#include <array>
#include <cstddef>
#include <type_traits>
#include <variant>

namespace windtunnel::inline base {

template <class Handler, class Event>
concept Handles = requires { static_cast<void (Handler::*)(const Event&)>(&Handler::on); };

template <class Event, class Variant>
inline constexpr bool kIsAlternative = false;
template <class Event, class... Events>
inline constexpr bool kIsAlternative<Event, std::variant<Events...>> = (std::is_same_v<Event, Events> || ...);

// Whether a handler has an overload for any alternative.
template <class Handler, class Variant>
inline constexpr bool kHandlesAny = false;
template <class Handler, class... Events>
inline constexpr bool kHandlesAny<Handler, std::variant<Events...>> = (Handles<Handler, Events> || ...);

template <class Handler, class Event>
void deliver(Handler& handler, const Event& event) {
  if constexpr (Handles<Handler, Event>) handler.on(event);
}
template <class Handler, class... Events>
void deliver(Handler& handler, const std::variant<Events...>& event) {
  std::visit([&](const auto& each) { deliver(handler, each); }, event);
}

// Refers to a handler, which must outlive it, or to none.
//
// An event is handed over where it lies and is not copied into a variant first, because a request's record is as large
// as ten other events together. The way is that of a virtual call: a table of functions for each type of handler.
template <class Variant>
class HandlerRef;
template <class... Events>
class HandlerRef<std::variant<Events...>> {
 public:
  HandlerRef() = default;
  template <class Handler>
  HandlerRef(Handler* handler)  // NOLINT(google-explicit-constructor): a handler is written where a reference is wanted
      : handler_(handler), functions_(kFunctions<Handler>.data()) {}
  // A handler of more events: these are the first of its variant.
  template <class... Others>
  HandlerRef(const HandlerRef<std::variant<Events..., Others...>>& wider)  // NOLINT(google-explicit-constructor)
      : handler_(wider.handler_), functions_(wider.functions_) {}

  explicit operator bool() const { return handler_ != nullptr; }

  // There must be a handler.
  template <class Event>
    requires kIsAlternative<Event, std::variant<Events...>>
  void on(const Event& event) const {
    functions_[place_of<Event>()](handler_, &event);
  }

 private:
  template <class Variant>
  friend class HandlerRef;
  using Function = void (*)(void* handler, const void* event);

  template <class Handler, class Event>
  static void call(void* handler, const void* event) {
    deliver(*static_cast<Handler*>(handler), *static_cast<const Event*>(event));
  }
  template <class Handler>
  static constexpr std::array<Function, sizeof...(Events)> kFunctions{&call<Handler, Events>...};

  template <class Event>
  static constexpr std::size_t place_of() {
    constexpr std::array<bool, sizeof...(Events)> kSame{std::is_same_v<Event, Events>...};
    std::size_t place = 0;
    while (!kSame[place]) ++place;
    return place;
  }

  void* handler_ = nullptr;
  const Function* functions_ = nullptr;
};

}  // namespace windtunnel::inline base
