import { createKernelError } from '../../base/kernel-error.ts';

/** A file that cannot be imported. `advice` says what to do about it. */
export function unfitFile(file: string, why: string, advice: string, cause?: unknown) {
  return createKernelError('RELAY_SETTING_INVALID', `${file} cannot be imported: ${why}. ${advice}`, {
    cause,
  });
}

const reasons: Readonly<Record<string, readonly [why: string, advice: string]>> = {
  ENOENT: ['there is no such file', 'Check its name.'],
  EACCES: ['this user may not read it', 'Allow it, or run the command as another user.'],
  EPERM: ['this user may not read it', 'Allow it, or run the command as another user.'],
  EISDIR: ['it is a directory', 'Name a file.'],
  EIO: ['its disk fails', 'Copy it to another disk, or take another copy of it.'],
};

/** An error of the file system as one that says what to do; others stay what they are. */
export function orUnreadable(file: string, error: unknown): unknown {
  const [why, advice] = reasons[codeOf(error) ?? ''] ?? [];
  return why === undefined || advice === undefined ? error : unfitFile(file, why, advice, error);
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
