# The script and style of report.html: reports/web and the chart library uPlot, bundled by esbuild into one C++ file.
#
# Their packages come from npm, by the committed lock file, into the build folder. Without npm there is no bundle, and
# `windtunnel run --html` says how to get it: AUTO builds on, ON fails.

set(WINDTUNNEL_HTML AUTO CACHE STRING "The HTML report, which needs npm when it is built: AUTO, ON or OFF")
set_property(CACHE WINDTUNNEL_HTML PROPERTY STRINGS AUTO ON OFF)
if(NOT WINDTUNNEL_HTML MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "WINDTUNNEL_HTML is '${WINDTUNNEL_HTML}': AUTO, ON or OFF")
endif()

set(web ${PROJECT_SOURCE_DIR}/reports/web)
set(web_packages ${PROJECT_BINARY_DIR}/web)
set(web_why_not "")

# `npm ci` once for each lock file. Sets web_why_not if it cannot be done.
function(windtunnel_install_web_packages)
  find_program(WINDTUNNEL_NODE node)
  find_program(WINDTUNNEL_NPM npm)
  if(NOT WINDTUNNEL_NODE OR NOT WINDTUNNEL_NPM)
    set(web_why_not "node and npm are not installed (Debian: apt-get install npm)" PARENT_SCOPE)
    return()
  endif()
  file(SHA256 ${web}/package-lock.json lock)
  set(mark ${web_packages}/node_modules/.installed-${lock})
  if(EXISTS ${mark})
    return()
  endif()
  message(STATUS "Installing the packages of the HTML report with npm")
  file(COPY ${web}/package.json ${web}/package-lock.json ${web}/.npmrc DESTINATION ${web_packages})
  execute_process(COMMAND ${WINDTUNNEL_NPM} ci --ignore-scripts --fetch-retries=1 WORKING_DIRECTORY ${web_packages}
                  TIMEOUT 300 RESULT_VARIABLE code OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(NOT code EQUAL 0)
    set(web_why_not "'npm ci' in ${web_packages} ended with ${code}:\n${said}" PARENT_SCOPE)
    return()
  endif()
  file(TOUCH ${mark})
endfunction()

if(WINDTUNNEL_HTML STREQUAL "OFF")
  set(web_why_not "WINDTUNNEL_HTML is OFF")
else()
  windtunnel_install_web_packages()
  if(web_why_not AND WINDTUNNEL_HTML STREQUAL "ON")
    message(FATAL_ERROR "No HTML report: ${web_why_not}\nWith WINDTUNNEL_HTML=AUTO it is left out.")
  endif()
endif()

set(web_bundle ${PROJECT_BINARY_DIR}/html_bundle.cc)
if(web_why_not)
  message(STATUS "No HTML report: ${web_why_not}")
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/no_html_bundle.cc @ONLY CONTENT
       "// Written by cmake/report_bundle.cmake.
#include \"reports/html/html_bundle.h\"
const windtunnel::reports::HtmlBundle* windtunnel::reports::html_bundle() { return nullptr; }
")
  set(web_bundle ${PROJECT_BINARY_DIR}/no_html_bundle.cc)
else()
  file(GLOB web_sources CONFIGURE_DEPENDS ${web}/src/*)
  add_custom_command(OUTPUT ${web_bundle}
                     COMMAND ${WINDTUNNEL_NODE} ${web}/build.mjs ${web_packages}/node_modules ${web_bundle}
                     DEPENDS ${web}/build.mjs ${web}/package-lock.json ${web_sources}
                     COMMENT "Bundling the script of the HTML report" VERBATIM)
endif()
target_sources(windtunnel_reports PRIVATE ${web_bundle})
