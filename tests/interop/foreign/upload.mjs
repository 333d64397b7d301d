// tus-js-client in Node: reads a job from stdin, uploads a file, prints what it saw as JSON.
import { createReadStream, readFileSync } from "node:fs";
import { text } from "node:stream/consumers";

import * as tus from "tus-js-client";

import { keyOf, signing } from "./sign.mjs";

const job = JSON.parse(await text(process.stdin));
const who = { key: await keyOf(job.key), kid: job.kid };
const seen = [];

const outcome = await new Promise((resolve) => {
  const upload = new tus.Upload(job.stream ? createReadStream(job.file) : readFileSync(job.file), {
    endpoint: job.endpoint,
    uploadUrl: job.url,
    uploadSize: job.stream ? job.size : undefined,
    protocol: job.protocol ?? "tus-v1",
    chunkSize: job.chunk ?? Number.POSITIVE_INFINITY,
    metadata: job.metadata ?? {},
    headers: job.headers ?? {},
    uploadDataDuringCreation: job.early ?? false,
    retryDelays: job.retries ?? [50, 100, 200],
    onBeforeRequest: signing(who),
    onAfterResponse: (request, response) =>
      seen.push({
        method: request.getMethod(),
        status: response.getStatus(),
        offset: response.getHeader("Upload-Offset") ?? null,
      }),
    onSuccess: () => resolve({ done: true, url: upload.url }),
    onError: (error) => resolve({ done: false, url: upload.url, error: error.message }),
  });
  upload.start();
});
console.log(JSON.stringify({ ...outcome, seen }));
process.exit(0); // its HTTP agent keeps connections open for a while
