import { createKernelError } from '@MaiaOS/kernel';
import { expect, it, vi } from 'vitest';
import { refusedEdit } from './refused-edit.ts';

const forbidden = (role: 'reader' | 'writer' | undefined) =>
  createKernelError('WRITE_FORBIDDEN', '', { details: { id: 'co_z1', role } });

it('explains the two refusals by what the account may do', () => {
  expect(refusedEdit(forbidden('reader'))).toContain('not change it');
  expect(refusedEdit(forbidden(undefined))).toContain('no longer a member');
  expect(refusedEdit(forbidden('writer'))).toContain('who manage this list');
  const large = createKernelError('VALUE_TOO_LARGE', '', { details: { bytes: 2, limitBytes: 1 } });
  expect(refusedEdit(large)).toContain('too long');
});

it('passes on the message of another error, and reports a bug', () => {
  const reported = vi.fn();
  vi.stubGlobal('reportError', reported);
  expect(refusedEdit(createKernelError('SESSION_CLOSED', 'The session is closed.'))).toBe(
    'The session is closed.',
  );
  expect(reported).not.toHaveBeenCalled();
  const bug = new Error('a bug');
  expect(refusedEdit(bug)).toBe('a bug');
  expect(reported).toHaveBeenCalledWith(bug);
  vi.unstubAllGlobals();
});
