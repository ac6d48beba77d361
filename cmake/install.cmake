# cmake --install: the program with what it can be used with, and the libraries for find_package(windtunnel): monitor, and
# http for those who ask for that component, because it needs OpenSSL and simdjson.
# Nothing that is installed names the folder that it was built in, so the tree may be moved.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS windtunnel RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
# windtunnel looks for it in ../lib/windtunnel.
install(TARGETS windtunnel_clock LIBRARY DESTINATION lib/windtunnel)

# Headers are spelled from the root here and there: #include "monitor/realtime/llm_monitor.h".
set(windtunnel_include_dir ${CMAKE_INSTALL_INCLUDEDIR}/windtunnel)
set_target_properties(windtunnel_monitor PROPERTIES EXPORT_NAME monitor)
target_compile_features(windtunnel_monitor PUBLIC cxx_std_20)
set_target_properties(windtunnel_base PROPERTIES EXPORT_NAME base)
target_compile_features(windtunnel_base PUBLIC cxx_std_20)
install(TARGETS windtunnel_base windtunnel_monitor EXPORT windtunnelTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        INCLUDES DESTINATION ${windtunnel_include_dir})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/base ${PROJECT_SOURCE_DIR}/monitor DESTINATION ${windtunnel_include_dir} FILES_MATCHING PATTERN "*.h")
set_target_properties(windtunnel_http PROPERTIES EXPORT_NAME http)
target_compile_features(windtunnel_http PUBLIC cxx_std_20)
install(TARGETS windtunnel_http EXPORT windtunnelHttpTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        INCLUDES DESTINATION ${windtunnel_include_dir})
install(FILES ${PROJECT_SOURCE_DIR}/wire/client/http_provider.h DESTINATION ${windtunnel_include_dir}/wire/client)

set(windtunnel_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/windtunnel)
install(EXPORT windtunnelTargets NAMESPACE windtunnel:: DESTINATION ${windtunnel_package_dir})
install(EXPORT windtunnelHttpTargets NAMESPACE windtunnel:: DESTINATION ${windtunnel_package_dir})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/windtunnelConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/windtunnelConfig.cmake
                              INSTALL_DESTINATION ${windtunnel_package_dir})
# Before 1.0 a new minor version may change any interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/windtunnelConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/windtunnelConfig.cmake ${PROJECT_BINARY_DIR}/windtunnelConfigVersion.cmake
        DESTINATION ${windtunnel_package_dir})

# Scenarios name their traces as ../data/..., so the folders stay beside each other.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/scenarios/catalog ${PROJECT_SOURCE_DIR}/scenarios/data
                  ${PROJECT_SOURCE_DIR}/scenarios/gateways
                  ${PROJECT_SOURCE_DIR}/scenarios/schema DESTINATION ${CMAKE_INSTALL_DATADIR}/windtunnel/scenarios)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/reports/prometheus DESTINATION ${CMAKE_INSTALL_DATADIR}/windtunnel
        FILES_MATCHING PATTERN "*.yml" PATTERN "*.json")
if(NOT CMAKE_CROSSCOMPILING)
  install(FILES ${WINDTUNNEL_MANUAL}/windtunnel DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  install(FILES ${WINDTUNNEL_MANUAL}/_windtunnel DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  install(FILES ${WINDTUNNEL_MANUAL}/windtunnel.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
  install(DIRECTORY ${WINDTUNNEL_MANUAL}/man1 DESTINATION ${CMAKE_INSTALL_MANDIR})
endif()
install(FILES ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md ${PROJECT_SOURCE_DIR}/LICENSE
        DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs DESTINATION ${CMAKE_INSTALL_DOCDIR})

# script/package: a .deb and a tarball.
set(CPACK_GENERATOR DEB TGZ)
set(CPACK_PACKAGE_NAME windtunnel)
set(CPACK_PACKAGE_VENDOR "The Windtunnel authors")
set(CPACK_PACKAGE_CONTACT "The Windtunnel authors <windtunnel@example.org>")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
include(CPack)
