import { randomBytes } from 'node:crypto';

/** 128 random bits, as base64url. */
export function randomName(): string {
  return randomBytes(16).toString('base64url');
}
