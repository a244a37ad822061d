/** Posts queued frames in order, one request at a time. */
export interface Posts {
  send(frame: string): void;
  readonly bufferedBytes: number;
  end(): void;
}

export interface PostsOptions {
  /** Resolves once the relay has accepted the body, otherwise rejects. After a rejection, nothing more is posted. */
  post(body: Uint8Array<ArrayBuffer>): Promise<void>;
  failed(error: unknown): void;
}

/** Large enough to keep a connection busy, small enough for a slow one to send within the request timeout. */
const batchBytes = 256_000;
const batchFrames = 1_000;
const newline = 10;

export function createPosts({ post, failed }: PostsOptions): Posts {
  const encoder = new TextEncoder();
  let waiting: Uint8Array[] = [];
  let bufferedBytes = 0;
  let isPosting = false;
  let hasEnded = false;

  /** Takes at least one frame, however long. */
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
      // This ends the channel, so nothing more is posted.
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
      // Batches what is sent in one turn.
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
