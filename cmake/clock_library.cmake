# windtunnel_clock.so, which a program under virtual time preloads. It lies beside windtunnel, where that looks for it.
set(CMAKE_C_STANDARD 11)
file(GLOB clock_sources CONFIGURE_DEPENDS wire/clock/preload/*.c)
add_library(windtunnel_clock MODULE ${clock_sources})
set_target_properties(windtunnel_clock PROPERTIES PREFIX "" C_VISIBILITY_PRESET hidden UNITY_BUILD OFF
                                                  LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
target_include_directories(windtunnel_clock PRIVATE ${PROJECT_SOURCE_DIR})
# A wait is on the stack of its thread, and -O2 keeps the path of a clock read short whatever the build type.
target_compile_options(windtunnel_clock PRIVATE -O2 -Wall -Wextra -Wno-nonnull-compare)
target_link_libraries(windtunnel_clock PRIVATE Threads::Threads ${CMAKE_DL_LIBS})
add_dependencies(windtunnel windtunnel_clock)
