# The messages of OTLP in protobuf, generated from wire/otlp/otlp.proto. Their header takes seconds to compile and warns
# of much, so that only wire/otlp/otlp_json.cc and otlp_messages.cc include it.
find_package(Protobuf REQUIRED)
set(otlp_folder ${PROJECT_BINARY_DIR}/otlp)
add_custom_command(
  OUTPUT ${otlp_folder}/otlp.pb.cc ${otlp_folder}/otlp.pb.h
  COMMAND ${CMAKE_COMMAND} -E make_directory ${otlp_folder}
  COMMAND protobuf::protoc --cpp_out=${otlp_folder} --proto_path=${PROJECT_SOURCE_DIR}/wire/otlp otlp.proto
  DEPENDS ${PROJECT_SOURCE_DIR}/wire/otlp/otlp.proto
  VERBATIM)
add_library(windtunnel_otlp STATIC ${otlp_folder}/otlp.pb.cc)
set_target_properties(windtunnel_otlp PROPERTIES UNITY_BUILD OFF)
target_compile_options(windtunnel_otlp PRIVATE -w $<$<BOOL:${WINDTUNNEL_SANITIZE}>:-fsanitize=address,undefined>
                                               $<$<BOOL:${WINDTUNNEL_FUZZ}>:-fsanitize=address,undefined>)
target_include_directories(windtunnel_otlp SYSTEM INTERFACE ${otlp_folder})
target_link_libraries(windtunnel_otlp PUBLIC protobuf::libprotobuf-lite)
