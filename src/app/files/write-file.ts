import type { LocalNode, RawBinaryCoStream, RawCoValue, RawGroup } from 'cojson';
import { nextTask } from '../../base/next-task.ts';
import { callListener } from '../../base/readable.ts';
import { memberRoleIn } from '../../engine/covalue-access.ts';
import type { Loads } from '../loads/create-loads.ts';
import { blobUnreadable, fileTooLarge, writeAborted } from './file-errors.ts';
import { chunkBytes, defaultMaxBytes, largestFileBytes } from './file-limits.ts';
import { readableName } from './file-name.ts';
import type { FileRef, Files, WriteFileOptions } from './files.ts';
import { fileMeta } from './read-stream.ts';

export function createFileWriter(parts: {
  readonly node: LocalNode;
  readonly accountID: string;
  readonly load: Loads['load'];
}): Files['write'] {
  return async (owner, blob, options = {}) => {
    const { maxBytes = defaultMaxBytes, signal } = options;
    const limitBytes = maxBytes <= largestFileBytes ? maxBytes : largestFileBytes;
    if (blob.size > limitBytes) throw fileTooLarge(blob.size, limitBytes);
    const group = await groupOf(owner);
    throwIfAborted(signal);
    const stream = group.createBinaryStream(fileMeta(parts.accountID));
    try {
      await writeInto(stream, blob, options);
    } catch (error) {
      breakOff(stream);
      throw error;
    }
    return { id: stream.id, bytes: blob.size, type: blob.type } satisfies FileRef;
  };

  async function groupOf(owner: RawCoValue | string): Promise<RawGroup> {
    // Another session's object would write as that session's account.
    const isHere = typeof owner === 'object' && owner.core.node === parts.node;
    const value = isHere ? owner : await parts.load<RawCoValue>(typeof owner === 'string' ? owner : owner.id);
    return value.core.isGroupOrAccount() ? (value as RawGroup) : value.group;
  }
}

async function writeInto(
  stream: RawBinaryCoStream,
  blob: Blob,
  { name = '', signal, onProgress }: WriteFileOptions,
): Promise<void> {
  const fileName = readableName(name);
  stream.startBinaryStream({ mimeType: blob.type, ...(fileName && { fileName }), totalSizeBytes: blob.size });
  for (let at = 0; at < blob.size; at += chunkBytes) {
    const chunk = await bytesOf(blob.slice(at, at + chunkBytes));
    await nextTask();
    throwIfAborted(signal);
    stream.pushBinaryStreamChunk(chunk);
    if (onProgress) callListener((written) => onProgress(written, blob.size), at + chunk.length);
  }
  stream.endBinaryStream();
}

/** Frees the space where this account may, and lets other devices know that nothing more comes where it may not. */
function breakOff(stream: RawBinaryCoStream): void {
  try {
    if (memberRoleIn(stream.group) === 'admin') stream.core.deleteCoValue();
    else stream.endBinaryStream();
  } catch {
    // The session is closed, or the account may not write any more. Nothing refers to the file.
  }
}

async function bytesOf(part: Blob): Promise<Uint8Array> {
  try {
    return new Uint8Array(await part.arrayBuffer());
  } catch (cause) {
    throw blobUnreadable(cause);
  }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw writeAborted(signal);
}
