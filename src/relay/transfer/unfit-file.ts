import { createKernelError } from '../../base/kernel-error.ts';

/** A file cannot be imported. `advice` says what to do about it. */
export function importError(file: string, why: string, advice: string, cause?: unknown) {
  return createKernelError('RELAY_SETTING_INVALID', `${file} cannot be imported: ${why}. ${advice}`, {
    cause,
  });
}

const reasons: Readonly<Record<string, readonly [why: string, advice: string]>> = {
  ENOENT: ['there is no such file', 'Check its name.'],
  EACCES: ['this user may not read it', 'Grant read access, or run the command as another user.'],
  EPERM: ['this user may not read it', 'Grant read access, or run the command as another user.'],
  EISDIR: ['it is a directory', 'Choose a file.'],
  EIO: ['its disk is failing', 'Copy it to another disk, or use another copy.'],
};

/** Turns a file system error into one that says what to do; returns other errors unchanged. */
export function toFileError(file: string, error: unknown): unknown {
  const [why, advice] = reasons[codeOf(error) ?? ''] ?? [];
  return why === undefined || advice === undefined ? error : importError(file, why, advice, error);
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
