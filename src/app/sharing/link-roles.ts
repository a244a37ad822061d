import type { LinkRole } from './sharing-types.ts';

const linkRoles: readonly unknown[] = ['reader', 'writer', 'manager', 'writeOnly'] satisfies LinkRole[];

/** JavaScript callers may pass another role. */
export function assertLinkRole(role: unknown): asserts role is LinkRole {
  if (linkRoles.includes(role)) return;
  const reason = role === 'admin' ? ', and nobody could take the role of an admin away again' : '';
  throw new TypeError(
    `Cannot give the role ${JSON.stringify(role)}: pass 'reader', 'writer', 'manager' or 'writeOnly' as \`role\`${reason}.`,
  );
}
