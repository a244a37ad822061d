import type { RawBinaryCoStream, RawGroup } from 'cojson';
import { vi } from 'vitest';
import type { Readable } from '../../../src/base/readable.ts';
import type { FileState } from '../../../src/app/files/files.ts';
import { fileMeta } from '../../../src/app/files/read-stream.ts';
import type { Session } from '../../../src/session/session.ts';

/** Bytes whose chunks all differ. */
export function blobOf(size: number, type = 'image/png'): Blob {
  return new Blob([Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 8)) & 0xff)], { type });
}

export async function hexOf(blob: Blob): Promise<string> {
  return Buffer.from(await blob.arrayBuffer()).toString('hex');
}

/** Every state, the latest last. */
export function follow(file: Readable<FileState>): { readonly states: FileState[]; end(): void } {
  const states: FileState[] = [];
  return { states, end: file.subscribe((state) => void states.push(state)) };
}

/** The stream of the next file that is written for the group. */
export function nextStream(group: RawGroup): () => RawBinaryCoStream {
  const creation = vi.spyOn(group, 'createBinaryStream');
  return () => {
    const [result] = creation.mock.results;
    if (result?.type !== 'return') throw new Error('No file was created.');
    return result.value;
  };
}

/** A file that an app writes item by item, whether that makes sense or not. */
export function streamOf(session: Session, group: RawGroup, writer = session.accountID): RawBinaryCoStream {
  return group.createBinaryStream(fileMeta(writer));
}
