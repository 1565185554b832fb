"""MiniLM on onnxruntime beside Assay: FOLDER THREADS. One JSON object a line in, one out."""
import json
import os
import sys
import time

try:
    import numpy
    import onnxruntime
    import tokenizers
except Exception:
    print(json.dumps({"missing": "onnxruntime with numpy and tokenizers"}), flush=True)
    sys.exit(0)

folder, threads = sys.argv[1], int(sys.argv[2])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = threads
session = onnxruntime.InferenceSession(
    os.path.join(folder, "model.onnx"), options, providers=["CPUExecutionProvider"]
)
words = tokenizers.Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
words.enable_truncation(256)
words.enable_padding()
names = {one.name for one in session.get_inputs()}
print("{}", flush=True)


def embed(texts):
    for at in range(0, len(texts), 16):
        batch = words.encode_batch(texts[at : at + 16])
        ids = numpy.array([one.ids for one in batch], dtype=numpy.int64)
        mask = numpy.array([one.attention_mask for one in batch], dtype=numpy.int64)
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": numpy.zeros_like(ids)}
        states = session.run(None, {name: given[name] for name in names})[0]
        mean = (states * mask[:, :, None]).sum(1) / mask.sum(1)[:, None]
        mean / numpy.linalg.norm(mean, axis=1, keepdims=True)


for line in sys.stdin:
    texts = json.loads(line)["texts"]
    begin = time.perf_counter()
    embed(texts)
    print(json.dumps({"seconds": time.perf_counter() - begin}), flush=True)
