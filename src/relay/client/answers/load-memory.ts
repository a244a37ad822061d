/** The memory that answers of one client may take while they are read and sent. */
export interface LoadMemory {
  bytes(): number;
  /** Resolves once there is room for so many bytes, in the order of the calls; never after the client has disconnected. */
  reserve(bytes: number): Promise<Reserved>;
  /** For what belongs to an answer that has begun: waiting could block both. */
  take(bytes: number): Reserved;
  /** Call it when `mayBegin` may have become true. */
  resume(): void;
}

export interface Reserved {
  /** The size is known now. */
  resize(bytes: number): void;
  release(): void;
}

export interface LoadMemoryOptions {
  readonly maxBytes: number;
  /** False while nothing more may be reserved. */
  mayBegin(): boolean;
  changed(): void;
}

export function createLoadMemory({ maxBytes, mayBegin, changed }: LoadMemoryOptions): LoadMemory {
  const line: { readonly bytes: number; readonly begin: () => void }[] = [];
  let reservedBytes = 0;

  function add(bytes: number): void {
    reservedBytes += bytes;
    changed();
  }

  function resume(): void {
    for (let [next] = line; next && hasRoomFor(next.bytes); [next] = line) {
      line.shift();
      next.begin();
    }
  }

  /** What is larger than all of it begins alone. */
  const hasRoomFor = (bytes: number) =>
    mayBegin() && (reservedBytes === 0 || reservedBytes + bytes <= maxBytes);

  function take(bytes: number): Reserved {
    let ownBytes = 0;
    function resize(newBytes: number): void {
      const more = newBytes - ownBytes;
      ownBytes = newBytes;
      add(more);
      if (more < 0) resume();
    }
    resize(bytes);
    return { resize, release: () => resize(0) };
  }

  return {
    bytes: () => reservedBytes,
    reserve: (bytes) =>
      new Promise((resolve) => {
        line.push({ bytes, begin: () => resolve(take(bytes)) });
        resume();
      }),
    take,
    resume,
  };
}
