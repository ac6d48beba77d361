"""As clients.mjs, with the client libraries of Python.

    python clients.py '{"ok": "http://127.0.0.1:1", ...}'
"""

import concurrent.futures
import json
import sys

import anthropic
import openai

TIMEOUT = 1.5  # of a call that hangs


def user(text):
    return [{"role": "user", "content": text}]


def of_openai(url):
    return openai.OpenAI(api_key="none", base_url=f"{url}/v1", timeout=TIMEOUT)


def of_anthropic(url):
    return anthropic.Anthropic(api_key="none", base_url=url, timeout=TIMEOUT)


def openai_chat(url, text):
    answer = of_openai(url).chat.completions.create(model="m", messages=user(text))
    choice = answer.choices[0]
    return {"text": choice.message.content, "finish": choice.finish_reason, "tokens": answer.usage.completion_tokens}


def openai_chat_stream(url, text):
    found = {"text": "", "finish": None, "tokens": None}
    for chunk in of_openai(url).chat.completions.create(model="m", messages=user(text), stream=True,
                                                        stream_options={"include_usage": True}):
        for choice in chunk.choices:
            found["text"] += choice.delta.content or ""
            found["finish"] = choice.finish_reason or found["finish"]
        found["tokens"] = chunk.usage.completion_tokens if chunk.usage else found["tokens"]
    return found


def openai_responses(url, text):
    answer = of_openai(url).responses.create(model="m", input=user(text))
    return {"text": answer.output_text, "finish": answer.status, "tokens": answer.usage.output_tokens}


def openai_responses_stream(url, text):
    found = {"text": "", "finish": None, "tokens": None}
    for event in of_openai(url).responses.create(model="m", input=user(text), stream=True):
        if event.type == "response.output_text.delta":
            found["text"] += event.delta
        if event.type == "response.completed":
            found["finish"], found["tokens"] = event.response.status, event.response.usage.output_tokens
    return found


def anthropic_messages(url, text):
    answer = of_anthropic(url).messages.create(model="m", max_tokens=99, messages=user(text))
    return {"text": answer.content[0].text, "finish": answer.stop_reason, "tokens": answer.usage.output_tokens}


def anthropic_stream(url, text):
    found = {"text": "", "finish": None, "tokens": None}
    for event in of_anthropic(url).messages.create(model="m", max_tokens=99, messages=user(text), stream=True):
        if event.type == "content_block_delta":
            found["text"] += event.delta.text
        if event.type == "message_delta":
            found["finish"], found["tokens"] = event.delta.stop_reason, event.usage.output_tokens
    return found


CLIENTS = {"openai chat": openai_chat, "openai chat stream": openai_chat_stream, "openai responses": openai_responses,
           "openai responses stream": openai_responses_stream, "anthropic": anthropic_messages,
           "anthropic stream": anthropic_stream}


def one(case):
    tag, provider, url, client = case
    found = {"client": client, "provider": provider, "tag": tag}
    try:
        found.update(CLIENTS[client](url, f"[wt {tag}] hello"))
    except Exception as error:  # whatever the library makes of it is what is asked
        found.update(error=type(error).__name__, status=getattr(error, "status_code", None))
    return found


def main():
    urls = json.loads(sys.argv[1])
    cases = [(provider, url, client) for provider, url in urls.items() for client in CLIENTS]
    with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
        for found in pool.map(one, [(tag, *case) for tag, case in enumerate(cases)]):
            print(json.dumps(found))
    numbers = of_openai(urls["ok"]).embeddings.create(model="m", input=["a", "b"])
    models = of_openai(urls["ok"]).models.list()
    print(json.dumps({"client": "openai others", "provider": "ok", "rows": len(numbers.data),
                      "length": len(numbers.data[1].embedding), "first": numbers.data[0].embedding[0],
                      "models": [row.id for row in models.data]}))


if __name__ == "__main__":
    main()
