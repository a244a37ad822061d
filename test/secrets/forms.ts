import { base58 } from '@scure/base';

/** A way to write bytes down. */
export interface Form {
  readonly name: 'bytes' | 'hex' | 'base64' | 'base58' | 'decimal';
  /** Content in which `write`'s texts can be looked for, whichever way the form was spelled. */
  plain(content: string): string;
  /** Texts of which each piece of at least 16 bytes of the secret holds one, when it is written down in this form. */
  write(secret: Uint8Array): readonly string[];
}

/** Shorter pieces of a secret say too little to be looked for, and would be found by chance. */
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
    // A piece is another number than the whole, so that its digits are others; a cut text has the digits of the whole.
    write: (secret) => [...allPieces(secret).map(base58.encode), ...windows(base58.encode(secret), 22)],
  },
  {
    name: 'decimal',
    // As JSON has a typed array: a list, or an object whose keys are the indices.
    plain: (content) => `,${(content.replace(/"?\d+"?\s*:/g, ' ').match(/\d+/g) ?? []).join(',')},`,
    write: (secret) => piecesOf(secret).map((piece) => `,${piece.join(',')},`),
  },
];

function piecesOf(secret: Uint8Array): readonly Uint8Array[] {
  return Array.from({ length: secret.length - pieceLength + 1 }, (_, from) =>
    secret.subarray(from, from + pieceLength),
  );
}

/** Of every length. */
function allPieces(secret: Uint8Array): readonly Uint8Array[] {
  return piecesOf(secret).flatMap((_, from) =>
    Array.from({ length: secret.length - pieceLength - from + 1 }, (_, more) =>
      secret.subarray(from, from + pieceLength + more),
    ),
  );
}

/** The digits that are the secret's alone where this many bytes stand before it, and any after it. */
function base64After(secret: Uint8Array, before: number): string {
  const text = Buffer.concat([Buffer.alloc(before), secret]).toString('base64');
  return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + secret.length) * 8) / 6));
}

function windows(text: string, length: number): readonly string[] {
  return Array.from({ length: Math.max(text.length - length + 1, 0) }, (_, from) =>
    text.slice(from, from + length),
  );
}
