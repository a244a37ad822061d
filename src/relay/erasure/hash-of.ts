import { hash } from 'node:crypto';

/** How the tables and the memory know an erased CoValue, so that they do not name it. */
export function hashOf(salt: string, id: string): string {
  return hash('sha256', `${salt} ${id}`, 'base64url').slice(0, 22);
}
