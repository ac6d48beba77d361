#include "wire/dialects/api.h"

namespace windtunnel::wire {
namespace {

constexpr std::string_view kAzure = "/openai/deployments/";
constexpr std::string_view kAzureV1 = "/openai";
constexpr std::string_view kVersion = "/v1";

}  // namespace

std::string_view name_of(Api api) {
  switch (api) {
    case Api::chat:
      return "chat";
    case Api::responses:
      return "responses";
    case Api::embeddings:
      return "embeddings";
    case Api::messages:
      return "messages";
    case Api::models:
      return "models";
    case Api::health:
      return "health";
  }
  return "";
}

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

std::string_view deployment_of(std::string_view target) {
  std::string_view path = path_of(target);
  if (!path.starts_with(kAzure)) return {};
  path.remove_prefix(kAzure.size());
  return path.substr(0, path.find('/'));
}

std::optional<Api> api_of(std::string_view target) {
  std::string_view path = path_of(target);
  if (const std::string_view deployment = deployment_of(target); !deployment.empty()) {
    path.remove_prefix(kAzure.size() + deployment.size());
  } else {
    if (path.starts_with(kAzureV1)) path.remove_prefix(kAzureV1.size());
    if (path.starts_with(kVersion)) path.remove_prefix(kVersion.size());
  }
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  if (path == "/chat/completions") return Api::chat;
  if (path == "/responses") return Api::responses;
  if (path == "/embeddings") return Api::embeddings;
  if (path == "/messages") return Api::messages;
  if (path == "/models" || path.starts_with("/models/")) return Api::models;
  if (path.empty() || path == "/" || path == "/health") return Api::health;
  return std::nullopt;
}

}  // namespace windtunnel::wire
