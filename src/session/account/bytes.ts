import { base64urlnopad } from '@scure/base';

export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Encodes without padding. */
export function bytesToBase64url(bytes: Uint8Array): string {
  return base64urlnopad.encode(bytes);
}

/** Returns undefined if the text is not base64url or has padding. */
export function bytesFromBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return new Uint8Array(base64urlnopad.decode(text));
  } catch {
    return undefined; // The decoder's error would quote the text, which may be a secret.
  }
}
