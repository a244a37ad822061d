/** A string or bytes (in base64) inside a value, and the path to it. */
export interface Piece {
  readonly path: string;
  readonly text?: string;
  readonly base64?: string;
}

declare global {
  /** Set in each page that a test reads, see `installReadDeep`. */
  var readDeep: (value: unknown) => Promise<Piece[]>;
}

/**
 * Runs in the page before its own scripts, so it is self-contained. `readDeep` returns every string, object
 * key and run of bytes reachable from a value: through maps, sets, errors with their causes, blobs,
 * responses. It reports whether a CryptoKey is extractable, and exports it if so.
 */
export function installReadDeep(): void {
  globalThis.readDeep = async (value) => {
    const pieces: Piece[] = [];
    const seen = new Set<object>();
    await read(value, '');
    return pieces;

    async function read(value: unknown, path: string): Promise<void> {
      if (typeof value === 'string') pieces.push({ path, text: value });
      if (typeof value !== 'object' || value === null || seen.has(value)) return;
      seen.add(value);
      if (value instanceof ArrayBuffer) return readBytes(new Uint8Array(value), path);
      if (ArrayBuffer.isView(value)) {
        return readBytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength), path);
      }
      if (value instanceof Blob) return readBytes(new Uint8Array(await value.arrayBuffer()), path);
      if (value instanceof CryptoKey) return readKey(value, path);
      if (value instanceof Request) return readRequest(value, path);
      if (value instanceof Response) return readResponse(value, path);
      if (value instanceof Map || value instanceof Set) return readEach([...value], path);
      if (Array.isArray(value) && value.every((item) => typeof item === 'number')) {
        pieces.push({ path, text: JSON.stringify(value) });
      }
      // `name`, and in a DOMException `message`, are on the prototype, so `ownKeys` misses them.
      if (value instanceof Error || value instanceof DOMException) {
        pieces.push({ path: `${path}.message`, text: `${value.name}: ${value.message}` });
      }
      for (const key of Reflect.ownKeys(value)) {
        const name = String(key);
        pieces.push({ path: `${path}'s key`, text: name });
        await read(Reflect.get(value, key), `${path}.${name}`);
      }
    }

    async function readEach(items: readonly unknown[], path: string): Promise<void> {
      for (const [index, item] of items.entries()) await read(item, `${path}[${index}]`);
    }

    function readBytes(bytes: Uint8Array, path: string): void {
      let binary = '';
      for (const byte of bytes) binary += String.fromCharCode(byte);
      pieces.push({ path, base64: btoa(binary) });
    }

    async function readKey(key: CryptoKey, path: string): Promise<void> {
      pieces.push({ path, text: `a CryptoKey that can${key.extractable ? '' : 'not'} be exported` });
      if (key.extractable) await read(await crypto.subtle.exportKey('jwk', key), path);
    }

    async function readRequest(request: Request, path: string): Promise<void> {
      await readEach([request.url, ...request.headers], path);
    }

    async function readResponse(response: Response, path: string): Promise<void> {
      await readEach([response.url, ...response.headers], path);
      readBytes(new Uint8Array(await response.clone().arrayBuffer()), path);
    }
  };
}
