import { logger as cojsonLogger, LogLevel } from 'cojson';
import { destination, pino } from 'pino';
import type { Logger } from '../platform/logger.ts';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type CommandLogLevel = (typeof logLevels)[number];

const secretKeys = ['secret', 'agentSecret', 'password', 'token', 'authorization'];
/** Keys as cojson writes them, and the password in an address. Content itself is never logged. */
const secretForms = [
  /\b((?:sealer|signer|key|invite)Secret_z)[1-9A-HJ-NP-Za-km-z]+/g,
  /(:\/\/[^\s:/@]*:)[^\s@]+(?=@)/g,
];

/**
 * The command's log: one JSON line for each event, on standard error unless `output` is given. Lines are written at
 * once, so that the last words of a process that dies are there. What looks like a secret is taken out of each.
 */
export function createCommandLog(level: CommandLogLevel, output?: { write(line: string): void }): Logger {
  const log = pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: describeError, err: describeError },
      redact: [...secretKeys, ...secretKeys.map((key) => `*.${key}`)],
      hooks: { streamWrite: withoutSecrets },
    },
    output ?? destination({ fd: 2, sync: true }),
  );
  cojsonLogger.setLevel(cojsonLevels[level]);
  cojsonLogger.setLogSystem({
    debug: (message, details) => log.debug({ ...details, from: 'cojson' }, message),
    info: (message, details) => log.info({ ...details, from: 'cojson' }, message),
    warn: (message, details) => log.warn({ ...details, from: 'cojson' }, message),
    error: (message, details) => log.error({ ...details, from: 'cojson' }, message),
  });
  return {
    debug: (message, details) => log.debug(details ?? {}, message),
    warn: (message, details) => log.warn(details ?? {}, message),
  };
}

const cojsonLevels = {
  debug: LogLevel.DEBUG,
  info: LogLevel.INFO,
  warn: LogLevel.WARN,
  error: LogLevel.ERROR,
  silent: LogLevel.NONE,
} as const;

/** Nothing else of an error: databases put the query's parameters there, which are what people wrote. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error);
  const { name, message, stack, cause } = error;
  const code = 'code' in error && { code: String(error.code) };
  return { name, message, ...code, stack, ...(cause !== undefined && { cause: describeError(cause) }) };
}

function withoutSecrets(line: string): string {
  return secretForms.reduce((text, form) => text.replace(form, '$1[Redacted]'), line);
}
