import { logger as cojsonLogger, LogLevel } from 'cojson';
import { destination, pino } from 'pino';
import type { Logger } from '../../base/logger.ts';
import { createLogLimit } from './log-limit.ts';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type CommandLogLevel = (typeof logLevels)[number];

const secretKeys = ['secret', 'agentSecret', 'password', 'token', 'authorization'];
/** Secrets in cojson's format, and passwords in URLs. User content is never logged. */
const secretForms = [
  /\b((?:sealer|signer|key|invite)Secret_z)[1-9A-HJ-NP-Za-km-z]+/g,
  /(:\/\/[^\s:/@]*:)[^\s@]+(?=@)/g,
];

/** Writes one JSON line per event to stderr, synchronously so that a crash loses none. Redacts secrets, limits repeats. */
export function createCommandLog(
  level: CommandLogLevel,
  output?: { write(line: string): void },
): Required<Logger> {
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
  const limit = createLogLimit();

  function write(to: 'debug' | 'info' | 'warn' | 'error', message: string, details: object): void {
    if (level === 'debug') return log[to](details, message);
    if (!log.isLevelEnabled(to)) return;
    const { isWritten, leftOut } = limit(message);
    if (isWritten) log[to](leftOut === 0 ? details : { ...details, leftOut }, message);
  }

  const fromCojson =
    (to: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, details?: object): void =>
      write(to, message, { ...details, from: 'cojson' });
  cojsonLogger.setLogSystem({
    debug: fromCojson('debug'),
    info: fromCojson('info'),
    warn: fromCojson('warn'),
    error: fromCojson('error'),
  });
  return {
    debug: (message, details = {}) => write('debug', message, details),
    info: (message, details = {}) => write('info', message, details),
    warn: (message, details = {}) => write('warn', message, details),
  };
}

const cojsonLevels = {
  debug: LogLevel.DEBUG,
  info: LogLevel.INFO,
  warn: LogLevel.WARN,
  error: LogLevel.ERROR,
  silent: LogLevel.NONE,
} as const;

/** Omits an error's other fields: databases put query parameters there, which are user content. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error);
  const { name, message, stack, cause } = error;
  const code = 'code' in error && { code: String(error.code) };
  return { name, message, ...code, stack, ...(cause !== undefined && { cause: describeError(cause) }) };
}

function withoutSecrets(line: string): string {
  return secretForms.reduce((text, form) => text.replace(form, '$1[Redacted]'), line);
}
