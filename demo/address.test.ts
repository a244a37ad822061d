import { describe, expect, it, vi } from 'vitest';
import { takeInvite } from './address.ts';

const invite = { listID: 'co_zT9hQm2VbXw7aaaaaaaaaaa', secret: 'inviteSecret_zKd83pQvLr5eYtNaaaaaaaaaaa' };
const at = (hash: string) => ({ pathname: '/app/', search: '?x=1', hash });

describe('a share link in the address bar', () => {
  it('is removed from it', () => {
    const replaceState = vi.fn<(state: unknown, unused: string, url: string) => void>();
    const hash = '#join/co_zT9hQm2VbXw7aaaaaaaaaaa/Kd83pQvLr5eYtNaaaaaaaaaaa';
    expect(takeInvite(at(hash), { replaceState })).toEqual(invite);
    expect(replaceState).toHaveBeenCalledExactlyOnceWith(null, '', '/app/?x=1');
  });

  it('is removed even if damaged, because it may contain most of a secret', () => {
    const replaceState = vi.fn();
    expect(takeInvite(at('#join/co_zT9hQm2VbXw7aaaaaaaaaaa'), { replaceState })).toBe('damaged');
    expect(replaceState).toHaveBeenCalledOnce();
  });

  it('is not confused with another address', () => {
    const replaceState = vi.fn();
    expect(takeInvite(at('#list/co_zT9hQm2VbXw7aaaaaaaaaaa'), { replaceState })).toBeUndefined();
    expect(replaceState).not.toHaveBeenCalled();
  });
});
