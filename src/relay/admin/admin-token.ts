import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { link, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createKernelError } from '../../base/kernel-error.ts';

const tokenBytes = 32;
/** Base64url or longer; of hexadecimal digits alone, it takes more. */
const form = /^[\w-]{43,512}$/;
const hexadecimal = /^[0-9a-f]+$/i;
/** Of the group: it may not write, but may read where an orchestrator mounts secrets so. */
const othersMayUse = 0o027;

/** Reads the token, and creates the file first if it is missing. Rejects with RELAY_SETTING_INVALID, never with the token in it. */
export async function openAdminToken(file: string): Promise<string> {
  return (await findAdminToken(file)) ?? createTokenFile(file);
}

/** Rejects with RELAY_SETTING_INVALID if the file is missing or its token does not count. */
export async function readAdminToken(file: string): Promise<string> {
  const token = await findAdminToken(file);
  if (token !== undefined) return token;
  throw invalid(file, 'does not exist. Start the relay first, with the same ADMIN_TOKEN_FILE');
}

/** Undefined if the file is missing. Rejects with RELAY_SETTING_INVALID if its token does not count. */
export async function findAdminToken(file: string): Promise<string | undefined> {
  let mode: number;
  let text: string;
  try {
    ({ mode } = await stat(file));
    text = await readFile(file, 'utf8');
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return undefined;
    throw invalid(file, `cannot be read (${code}). Check the path, and the rights of this user`);
  }
  // Windows reports rights that nobody has.
  if (process.platform !== 'win32' && (mode & othersMayUse) !== 0)
    throw invalid(file, 'can be used by other users of this machine. Run `chmod 600` on it');
  const token = text.trim();
  if (form.test(token) && !(hexadecimal.test(token) && token.length < 2 * tokenBytes)) return token;
  throw invalid(
    file,
    `holds no token of ${tokenBytes} random bytes, in base64url or hexadecimal. Delete it, and the relay writes a new one at its start`,
  );
}

/** Relays that start at the same time get the same token: only a whole file gets the name, and only once. */
async function createTokenFile(file: string): Promise<string> {
  const unfinished = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(unfinished, `${randomBytes(tokenBytes).toString('base64url')}\n`, {
      mode: 0o600,
      flag: 'wx',
    });
    await link(unfinished, file);
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'EEXIST')
      throw invalid(file, `cannot be written (${code}). Check that its folder exists and is writable`);
  } finally {
    await rm(unfinished, { force: true });
  }
  return readAdminToken(file);
}

/** Compares in constant time, whatever the lengths. */
export function isToken(token: string, presented: string): boolean {
  return timingSafeEqual(digestOf(token), digestOf(presented));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function invalid(file: string, what: string) {
  return createKernelError(
    'RELAY_SETTING_INVALID',
    `The file of the admin token (ADMIN_TOKEN_FILE), ${file}, ${what}.`,
  );
}
