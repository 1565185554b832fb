"""llama.cpp beside Assay: MODEL THREADS SYSTEM. One JSON object a line in, one out."""
import json
import sys
import time

try:
    from llama_cpp import Llama, LlamaGrammar
except Exception:
    print(json.dumps({"missing": "llama_cpp (package llama-cpp-python)"}), flush=True)
    sys.exit(0)

path, threads, system = sys.argv[1], int(sys.argv[2]), sys.argv[3]
model = Llama(path, n_ctx=2048, n_batch=512, n_threads=threads, n_threads_batch=threads, verbose=False)
print("{}", flush=True)


def speed(prompt, answer):
    tokens = [1 + (7 * i) % 40000 for i in range(prompt)]
    model.reset()
    begin = time.perf_counter()
    model.eval(tokens)
    middle = time.perf_counter()
    for _ in range(answer):
        model.eval([model.sample(temp=0.0)])
    return [middle - begin, time.perf_counter() - middle]


def arrange(prompt, grammar, tokens):
    text = (
        f"<|im_start|>system\n{system}<|im_end|>\n"
        f"<|im_start|>user\n{prompt}<|im_end|>\n<|im_start|>assistant\n"
    )
    held = LlamaGrammar.from_string(grammar, verbose=False)
    begin = time.perf_counter()
    model.create_completion(text, max_tokens=tokens, temperature=0.0, grammar=held)
    return time.perf_counter() - begin


for line in sys.stdin:
    asked = json.loads(line)
    if "speed" in asked:
        told = speed(*asked["speed"])
    else:
        told = arrange(asked["prompt"], asked["grammar"], asked["tokens"])
    print(json.dumps({"seconds": told}), flush=True)
