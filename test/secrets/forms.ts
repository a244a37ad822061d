import { base58 } from '@scure/base';

/** An encoding of bytes as text. */
export interface Form {
  readonly name: 'bytes' | 'hex' | 'base64' | 'base58' | 'decimal';
  /** Normalizes content, so that the texts of `write` are found in any variant of the encoding, such as upper case. */
  plain(content: string): string;
  /** Texts to search for: any 16 bytes of the secret in this encoding contain at least one of them. */
  write(secret: Uint8Array): readonly string[];
}

/** Shorter pieces of a secret would be found by chance. */
const pieceLength = 16;

export const forms: readonly Form[] = [
  {
    name: 'bytes',
    plain: (content) => content,
    write: (secret) => piecesOf(secret).map((piece) => String.fromCharCode(...piece)),
  },
  {
    name: 'hex',
    plain: (content) => content.toLowerCase().replace(/0x|[\s:,-]/g, ''),
    write: (secret) => piecesOf(secret).map((piece) => Buffer.from(piece).toString('hex')),
  },
  {
    name: 'base64',
    plain: (content) => content.replace(/\s/g, '').replaceAll('-', '+').replaceAll('_', '/'),
    write: (secret) => [0, 1, 2].flatMap((before) => windows(base64After(secret, before), 20)),
  },
  {
    name: 'base58',
    plain: (content) => content,
    // A piece is a different number, so its digits differ from the whole's. A truncated text keeps the digits.
    write: (secret) => [...allPieces(secret).map(base58.encode), ...windows(base58.encode(secret), 22)],
  },
  {
    name: 'decimal',
    // JSON writes an array of bytes as a list, and a typed array as an object whose keys are the indices.
    plain: (content) => `,${(content.replace(/"?\d+"?\s*:/g, ' ').match(/\d+/g) ?? []).join(',')},`,
    write: (secret) => piecesOf(secret).map((piece) => `,${piece.join(',')},`),
  },
];

function piecesOf(secret: Uint8Array): readonly Uint8Array[] {
  return Array.from({ length: secret.length - pieceLength + 1 }, (_, from) =>
    secret.subarray(from, from + pieceLength),
  );
}

/** Every piece of at least `pieceLength` bytes. */
function allPieces(secret: Uint8Array): readonly Uint8Array[] {
  return piecesOf(secret).flatMap((_, from) =>
    Array.from({ length: secret.length - pieceLength - from + 1 }, (_, more) =>
      secret.subarray(from, from + pieceLength + more),
    ),
  );
}

/** The base64 digits that depend only on the secret if `before` bytes precede it, regardless of what follows. */
function base64After(secret: Uint8Array, before: number): string {
  const text = Buffer.concat([Buffer.alloc(before), secret]).toString('base64');
  return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + secret.length) * 8) / 6));
}

function windows(text: string, length: number): readonly string[] {
  return Array.from({ length: Math.max(text.length - length + 1, 0) }, (_, from) =>
    text.slice(from, from + length),
  );
}
