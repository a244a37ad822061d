import { parseArgs } from 'node:util';
import { createKernelError } from '../../base/kernel-error.ts';
import { checkMinAppVersion } from '../config/app-version.ts';
import { logLevels, type CommandLogLevel } from './command-log.ts';
import { limitNames } from '../config/limits.ts';
import type { RelayLimits, RelayOptions } from '../config/relay-options.ts';
import type { Transfer } from '../transfer/transfer.ts';

export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'agent:generate' }
  | ({ readonly kind: 'export' | 'import' } & Transfer)
  | {
      readonly kind: 'start' | 'doctor';
      readonly options: RelayOptions & { readonly storage: string };
      readonly logLevel: CommandLogLevel;
    };

export type Environment = Readonly<Record<string, string | undefined>>;

export const help = `maia-relay: the sync relay of @MaiaOS/kernel.

Usage: maia-relay [start] [options]
       maia-relay doctor [options]
       maia-relay export FILE [--storage PLACE]
       maia-relay import FILE [--storage PLACE] [--no-wal]
       maia-relay agent:generate

start serves clients until it receives a signal. doctor checks the port, the directory, the database and the clock
that start would use with the same options, reports problems with advice, and exits with code 1 if there are any. It
changes nothing. export writes all content to a file of JSON lines, and import reads it into an empty PGlite or
PostgreSQL storage; run an interrupted import again to continue it. Both verify all content. import also reads the
SQLite database of a stock cojson server, which must be stopped. agent:generate prints the settings of a new account to
standard output only.

  --port NUMBER      port to listen on; 0 picks a free one       PORT               4203
  --host ADDRESS     address to listen on; 0.0.0.0 for all       HOST               127.0.0.1
  --storage PLACE    pglite:DIRECTORY, postgres://…, or memory:  SYNC_MAIA_STORAGE  pglite:./local-sync.db
  --limit NAME=N     one of the limits below; repeatable
  --no-wal           import: the SQLite database has no -wal file because it was closed cleanly
  --min-app-version VERSION
                     accept edits from this app version on       SYNC_MAIA_MIN_APP_VERSION
  --trust-proxy      identify clients by X-Forwarded-For, behind a proxy that sets it
  --inspect          let clients such as the devtools panel query how much of a CoValue is committed
  --help             print this help
  --version          print the version

Options override environment variables. Without a storage, DATABASE_URL selects a PostgreSQL database, or else DB_PATH
a directory; with NODE_ENV=production the default directory is /data/sync.db. memory: persists nothing.
SYNC_MAIA_STORAGE also accepts the words pglite, postgres and memory.

CORS_ORIGINS lists the origins whose pages may connect, separated by commas, such as https://app.example.org. Without
it, all origins may.

The limits are ${limitNames.slice(0, 4).join(', ')},
${limitNames.slice(4).join(', ')}.
SYNC_MAIA_LIMITS sets them separated by commas, such as connections=20000,openLoads=500; --limit overrides it for each
limit. SYNC_MAIA_TRUST_PROXY and SYNC_MAIA_INSPECT are true or false. Behind a proxy, all clients have the address of
the proxy: trust the proxy, or raise connectionsPerAddress to the value of connections.

LOG_LEVEL is debug, info (the default), warn, error or silent. The log goes to standard error as JSON lines.

By default the relay runs as a temporary identity. With SYNC_MAIA_MODE=agent it runs as the account in
SYNC_MAIA_AGENT_ACCOUNT_ID and SYNC_MAIA_AGENT_SECRET, both printed by agent:generate.

Clients open a WebSocket at /sync. GET /health returns 200 while the relay is ready, otherwise 503. GET /metrics is
for Prometheus. On SIGTERM or Ctrl-C the relay commits what it accepted, disconnects the clients, and exits with code 0.
`;

/** Throws RELAY_SETTING_INVALID, whose message names the invalid setting. */
export function readCommand(args: readonly string[], environment: Environment): Command {
  const { values, positionals } = parse(args);
  if (values.help) return { kind: 'help' };
  if (values.version) return { kind: 'version' };
  const [subcommand = 'start', ...more] = positionals;
  if (values.service !== undefined && (subcommand !== 'agent:generate' || values.service !== 'sync')) {
    throw invalid(
      '--service is only valid with agent:generate and must be sync. Run `maia-relay --help` for usage.',
    );
  }
  const isWalGone = values['no-wal'] === true;
  if (isWalGone && subcommand !== 'import') {
    throw invalid('--no-wal is only valid with import. Run `maia-relay --help` for usage.');
  }
  if (subcommand === 'agent:generate' && more.length === 0) return { kind: 'agent:generate' };
  const [file, ...rest] = more;
  if ((subcommand === 'export' || subcommand === 'import') && file !== undefined && rest.length === 0) {
    const storage = readStorage(values.storage, environment);
    if (subcommand === 'export') return { kind: subcommand, file, storage };
    return { kind: subcommand, file, storage, ...(isWalGone && { isWalGone }) };
  }
  if ((subcommand !== 'start' && subcommand !== 'doctor') || more.length > 0) {
    throw invalid(
      `Invalid command "${[subcommand, ...more].join(' ')}". Run \`maia-relay --help\` for usage.`,
    );
  }
  const host = values.host ?? given(environment.HOST);
  return {
    kind: subcommand,
    logLevel: readLogLevel(given(environment.LOG_LEVEL)),
    options: {
      ...readPort(values.port, '--port'),
      ...(values.port === undefined && readPort(given(environment.PORT), 'PORT')),
      ...(host !== undefined && { host }),
      ...readOrigins(given(environment.CORS_ORIGINS)),
      storage: readStorage(values.storage, environment),
      ...(readSwitch('SYNC_MAIA_TRUST_PROXY', values['trust-proxy'], environment) && { trustProxy: true }),
      ...(readSwitch('SYNC_MAIA_INSPECT', values.inspect, environment) && { inspect: true }),
      ...readLimitSettings(values.limit, given(environment.SYNC_MAIA_LIMITS)),
      ...readMinAppVersion(values['min-app-version'], given(environment.SYNC_MAIA_MIN_APP_VERSION)),
      ...readAgentSettings(environment),
    },
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        storage: { type: 'string' },
        service: { type: 'string' },
        limit: { type: 'string', multiple: true },
        'min-app-version': { type: 'string' },
        'trust-proxy': { type: 'boolean' },
        inspect: { type: 'boolean' },
        'no-wal': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'v' },
      },
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw invalid(`${reason.replace(/\.?$/, '.')} Run \`maia-relay --help\` for the options.`, cause);
  }
}

function readPort(text: string | undefined, setting: string): { port?: number } {
  if (text === undefined) return {};
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw invalid(`${setting} is ${JSON.stringify(text)}; expected a number from 0 to 65535.`);
  }
  return { port: Number(text) };
}

function readOrigins(text: string | undefined): Pick<RelayOptions, 'origins'> {
  if (text === undefined) return {};
  return { origins: text.split(',').map((origin) => origin.trim()) };
}

function readSwitch(variable: string, flag: boolean | undefined, environment: Environment): boolean {
  const text = given(environment[variable]);
  if (flag === true || text === 'true') return true;
  if (text === undefined || text === 'false') return false;
  throw invalid(`${variable} is ${JSON.stringify(text)}; expected true or false.`);
}

function readMinAppVersion(
  flag: string | undefined,
  text: string | undefined,
): Pick<RelayOptions, 'minAppVersion'> {
  const minAppVersion = flag ?? text;
  if (minAppVersion === undefined) return {};
  checkMinAppVersion(minAppVersion, flag === undefined ? 'SYNC_MAIA_MIN_APP_VERSION' : '--min-app-version');
  return { minAppVersion };
}

function readLimitSettings(
  flags: readonly string[] | undefined,
  text: string | undefined,
): Pick<RelayOptions, 'limits'> {
  if (flags === undefined && text === undefined) return {};
  const named = text?.split(',').map((limit) => limit.trim());
  return { limits: { ...readLimits('SYNC_MAIA_LIMITS', named), ...readLimits('--limit', flags) } };
}

function readLimits(setting: string, limits: readonly string[] = []): Partial<RelayLimits> {
  return Object.fromEntries(
    limits.map((text) => {
      const [, name, number] = /^(\w+)=(\d{1,12})$/.exec(text) ?? [];
      const limit = limitNames.find((known) => known === name);
      if (limit !== undefined) return [limit, Number(number)];
      throw invalid(
        `${setting} is ${JSON.stringify(text)}; expected NAME=NUMBER. Run \`maia-relay --help\` for the names.`,
      );
    }),
  );
}

function readLogLevel(text = 'info'): CommandLogLevel {
  const level = logLevels.find((known) => known === text);
  if (level !== undefined) return level;
  throw invalid(`LOG_LEVEL is ${JSON.stringify(text)}; expected one of ${logLevels.join(', ')}.`);
}

function readAgentSettings(environment: Environment): Pick<RelayOptions, 'agent'> {
  const mode = given(environment.SYNC_MAIA_MODE);
  if (mode === undefined) return {};
  if (mode !== 'agent')
    throw invalid(`SYNC_MAIA_MODE is ${JSON.stringify(mode)}; expected agent or an empty value.`);
  const accountID = given(environment.SYNC_MAIA_AGENT_ACCOUNT_ID);
  const agentSecret = given(environment.SYNC_MAIA_AGENT_SECRET);
  if (accountID !== undefined && agentSecret !== undefined) return { agent: { accountID, agentSecret } };
  throw invalid(
    'SYNC_MAIA_MODE=agent requires SYNC_MAIA_AGENT_ACCOUNT_ID and SYNC_MAIA_AGENT_SECRET. `maia-relay agent:generate` prints them.',
  );
}

/** Errors never repeat the value, which may be an address with a password. */
function readStorage(flag: string | undefined, environment: Environment): string {
  const directory =
    given(environment.DB_PATH) ??
    (environment.NODE_ENV === 'production' ? '/data/sync.db' : './local-sync.db');
  const databaseUrl = given(environment.DATABASE_URL);
  const requested = flag ?? given(environment.SYNC_MAIA_STORAGE);
  if (requested === undefined) return databaseUrl ?? `pglite:${directory}`;
  if (requested === 'pglite') return `pglite:${directory}`;
  if (requested === 'memory') return 'memory:';
  if (requested !== 'postgres') return requested;
  if (databaseUrl !== undefined) return databaseUrl;
  throw invalid(
    'The storage is set to postgres, but DATABASE_URL is not set. Set DATABASE_URL to the address of the database, such as postgres://USER@HOST/DATABASE.',
  );
}

/** An empty variable counts as unset, because that is how deployments remove one. */
function given(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function invalid(message: string, cause?: unknown) {
  return createKernelError('RELAY_SETTING_INVALID', message, { cause });
}
