import { createKernelError, type KernelError } from '../../base/kernel-error.ts';

export function fileTooLarge(bytes: number, limitBytes: number): KernelError {
  return createKernelError(
    'VALUE_TOO_LARGE',
    `The file has ${bytes} bytes; the limit is ${limitBytes}. Nothing was written. Choose a smaller file, or split it.`,
    { details: { bytes, limitBytes } },
  );
}

export function writeAborted({ reason }: AbortSignal): KernelError {
  return createKernelError('ABORTED', 'The app stopped the write of the file.', { cause: reason });
}

export function blobUnreadable(cause: unknown): KernelError {
  return createKernelError(
    'FILE_UNREADABLE',
    'The browser cannot read the file that was chosen: it was changed, moved or deleted. Choose it again.',
    { cause },
  );
}

export function brokenFile(id: string): KernelError {
  return createKernelError(
    'CO_VALUE_UNREADABLE',
    `${id} is no file, or its writer did not write all of it. Ask for the file again.`,
    { details: { id } },
  );
}
