/** What waits to go up, one request at a time, so that it arrives in its order. */
export interface Posts {
  send(frame: string): void;
  readonly bufferedBytes: number;
  end(): void;
}

export interface PostsOptions {
  /** Resolves once the other side has taken it, else rejects; after that, nothing more is posted. */
  post(body: Uint8Array<ArrayBuffer>): Promise<void>;
  failed(error: unknown): void;
}

/** Enough to keep a line busy, and so little that a slow one carries it within the time that a request may take. */
const batchBytes = 256_000;
const batchFrames = 1_000;
const newline = 10;

export function createPosts({ post, failed }: PostsOptions): Posts {
  const encoder = new TextEncoder();
  let waiting: Uint8Array[] = [];
  let bufferedBytes = 0;
  let isPosting = false;
  let hasEnded = false;

  /** At least one frame, however long it is. */
  function takeBatch(): Uint8Array<ArrayBuffer> {
    let count = 0;
    let length = 0;
    for (const { byteLength } of waiting) {
      if (count === batchFrames || (count > 0 && length + byteLength >= batchBytes)) break;
      count++;
      length += byteLength + 1;
    }
    const batch = new Uint8Array(length);
    let position = 0;
    for (const frame of waiting.slice(0, count)) {
      batch.set(frame, position);
      position += frame.byteLength;
      batch[position++] = newline;
    }
    waiting = waiting.slice(count);
    return batch;
  }

  async function postAll(): Promise<void> {
    try {
      while (waiting.length > 0) {
        const batch = takeBatch();
        await post(batch);
        if (hasEnded) return;
        bufferedBytes -= batch.byteLength;
      }
      isPosting = false;
    } catch (error) {
      // The channel has failed with it: it posts nothing more.
      failed(error);
    }
  }

  return {
    send(frame) {
      if (hasEnded) return;
      const bytes = encoder.encode(frame);
      waiting.push(bytes);
      bufferedBytes += bytes.byteLength + 1;
      if (isPosting) return;
      isPosting = true;
      // What is sent in one turn goes in one request.
      queueMicrotask(() => void postAll());
    },
    get bufferedBytes() {
      return bufferedBytes;
    },
    end() {
      hasEnded = true;
      waiting = [];
      bufferedBytes = 0;
    },
  };
}
