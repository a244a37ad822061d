import { parseArgs } from 'node:util';
import { createKernelError } from '../../base/kernel-error.ts';
import { checkMinAppVersion } from '../config/app-version.ts';
import { adminHelp, readAdminRequest, type AdminRequest } from './admin-request.ts';
import { logLevels, type CommandLogLevel } from './command-log.ts';
import { limitNames } from '../config/limits.ts';
import { isAppID } from '../../wire/sync-path.ts';
import type { RelayLimits, RelayOptions } from '../config/relay-options.ts';
import type { Transfer } from '../transfer/transfer.ts';

export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'agent:generate' }
  | { readonly kind: 'epoch:new'; readonly storage: string; readonly appID?: string }
  | ({ readonly kind: 'export' | 'import' } & Transfer)
  | ({ readonly kind: 'admin' } & AdminRequest)
  | {
      readonly kind: 'start' | 'doctor';
      readonly options: RelayOptions & { readonly storage: string };
      readonly logLevel: CommandLogLevel;
    };

/** Those that only `admin` has. */
const adminFlags = ['reason', 'until', 'bytes', 'co-values', 'default', 'dry-run'] as const;

export type Environment = Readonly<Record<string, string | undefined>>;

export const help = `maia-relay: the sync relay of @MaiaOS/kernel.

Usage: maia-relay [start] [options]
       maia-relay doctor [options]
       maia-relay export FILE [--storage PLACE]
       maia-relay import FILE [--storage PLACE] [--no-wal]
       maia-relay epoch new [--storage PLACE]
       maia-relay agent:generate
       maia-relay admin ACT [ID] [--reason TEXT] [--until TIME]
       maia-relay admin quota ID [--app ID] [--bytes N] [--co-values N]
                                 [--default]
       maia-relay admin erase|export|certificates ID [--app ID] [--dry-run]

start serves clients until it receives a signal. doctor checks the ports, the
directories, the database and the clock that start would use with the same
options, reports problems with advice, and exits with code 1 if there are any.
It changes nothing. export writes all content to a file of JSON lines, and
import reads it into an empty PGlite or PostgreSQL storage; run an interrupted
import again to continue it. Both verify all content. import also reads the
SQLite database of a stock cojson server, which must be stopped. epoch new makes
all clients compare everything with the storage again, after a restore that no
relay noticed. agent:generate prints the settings of a new account to standard
output only.

  --port NUMBER      PORT; default 4203. Port to listen on; 0 picks a free one
  --host ADDRESS     HOST; default 127.0.0.1. Address to listen on; 0.0.0.0 for
                     all
  --storage PLACE    SYNC_MAIA_STORAGE; default pglite:./local-sync.db.
                     pglite:DIRECTORY, postgres://…, or memory:
  --state-dir DIRECTORY
                     STATE_DIR; default DIRECTORY.state for pglite:. Remember
                     the state of the storage there, to notice a restored backup
  --limit NAME=N     SYNC_MAIA_LIMITS. One of the limits below; repeatable
  --memory-mb NUMBER MEMORY_MB; default 60 % of what there is. Memory for
                     clients and loaded content
  --app id           export, import, epoch, and some acts of admin: the
                     namespace of this app
  --no-wal           import: the SQLite database has no -wal file because it was
                     closed cleanly
  --min-app-version VERSION
                     SYNC_MAIA_MIN_APP_VERSION. Accept edits from this app
                     version on
  --trust-proxy      SYNC_MAIA_TRUST_PROXY. Identify clients by X-Forwarded-For,
                     behind a proxy that sets it
  --inspect          SYNC_MAIA_INSPECT. Let clients such as the devtools panel
                     query how much of a CoValue is committed
  --help             print this help
  --version          print the version

Options override environment variables. Without a storage, DATABASE_URL selects
a PostgreSQL database, or else DB_PATH a directory; with NODE_ENV=production the
default directory is /data/sync.db. memory: persists nothing. SYNC_MAIA_STORAGE
also accepts the words pglite, postgres and memory.

Relays on one PostgreSQL notify each other through it. If DATABASE_URL names a
pooler such as PgBouncer, DATABASE_LISTEN_URL is the address of the database
itself. SYNC_MAIA_BUS=nats://HOST:4222 (or tls://…, with USER:PASSWORD@ if
necessary) notifies through NATS instead.

On PostgreSQL, COMMIT_LANES (default 4) is how many commits may run at once, and
DATABASE_LOCK_MS (default 500) how long one waits if another transaction locks
what it writes.

JWKS_URL lets only clients in that have a JSON Web Token signed with a key of
that set; JWT_ISSUER and JWT_AUDIENCE name what its claims must be.
SYNC_MAIA_ACCOUNT_AUTH=true lets clients in that prove their account; beyond
this machine, PUBLIC_URLS lists the addresses of the relay as clients dial them,
separated by commas, such as wss://relay.example.org/sync.

APP_IDS lists apps that have a namespace at /sync/ID, separated by commas, such
as notes,chess. What is in one namespace is in no other one, nor at /sync.

QUOTA_BYTES and QUOTA_COVALUES limit how much each account, or user of a token,
may store in each namespace. They require one of these ways to sign in.

CORS_ORIGINS lists the origins whose pages may connect, separated by commas,
such as https://app.example.org. Without it, all origins may.
SYNC_MAIA_OPEN=true declares that any client may use the relay. On a --host that
others reach, a way to sign in, or one of these two, is required with
NODE_ENV=production; otherwise the relay warns.

The limits are
${lines(limitNames)}.
SYNC_MAIA_LIMITS sets them separated by commas, such as
connections=20000,openLoads=500; --limit overrides it for each limit.
SYNC_MAIA_TRUST_PROXY, SYNC_MAIA_OPEN and SYNC_MAIA_INSPECT are true or false.
Behind a proxy, all clients have the address of the proxy: trust the proxy, or
raise connectionsPerAddress to the value of connections,
newConnectionsPerMinute, and requestsPerAddress to 256.

DATABASE_STATEMENT_MS is how long a statement in the database may take, in
milliseconds; 15000 by default. BACKUP_DAYS is for how many days you keep
backups; the certificate of an erasure says so. With less than DISK_RESERVE_MB
free on the disk of a PGlite directory, 256 by default, the relay refuses
content.

${adminHelp}
LOG_LEVEL is debug, info (the default), warn, error or silent. The log goes to
standard error as JSON lines.

By default the relay runs as a temporary identity. With SYNC_MAIA_MODE=agent it
runs as the account in SYNC_MAIA_AGENT_ACCOUNT_ID and SYNC_MAIA_AGENT_SECRET,
both printed by agent:generate.

Clients open a WebSocket at /sync. GET /health returns 200 while the relay is
ready, otherwise 503 with the reasons; /health/startup, /health/live and
/health/ready are for an orchestrator. GET /metrics is for Prometheus;
METRICS_PORT moves it to a port of its own, so that it is not public. On SIGTERM
or Ctrl-C the relay commits what it accepted, disconnects the clients, and exits
with code 0. With DRAIN_DELAY_MS, it first serves them for that long while
/health returns 503, so that a load balancer can send new ones elsewhere.
`;

/** Names in lines of at most 80 characters. */
function lines(names: readonly string[]): string {
  return names
    .join(', ')
    .replaceAll(/(.{1,79})(?: |$)/g, '$1\n')
    .trimEnd();
}

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
  const app = readApp(values.app, subcommand);
  if (subcommand === 'admin') return { kind: 'admin', ...readAdminRequest(more, values, environment) };
  const flag = adminFlags.find((name) => values[name] !== undefined);
  if (flag !== undefined)
    throw invalid(`--${flag} is only valid with admin. Run \`maia-relay --help\` for usage.`);
  if (subcommand === 'agent:generate' && more.length === 0) return { kind: 'agent:generate' };
  if (subcommand === 'epoch' && more.length === 1 && more[0] === 'new') {
    return { kind: 'epoch:new', storage: readStorage(values.storage, environment), ...app };
  }
  const [file, ...rest] = more;
  if ((subcommand === 'export' || subcommand === 'import') && file !== undefined && rest.length === 0) {
    const storage = readStorage(values.storage, environment);
    if (subcommand === 'export') return { kind: subcommand, file, storage, ...app };
    return { kind: subcommand, file, storage, ...app, ...(isWalGone && { isWalGone }) };
  }
  if ((subcommand !== 'start' && subcommand !== 'doctor') || more.length > 0) {
    throw invalid(
      `Invalid command "${[subcommand, ...more].join(' ')}". Run \`maia-relay --help\` for usage.`,
    );
  }
  const host = values.host ?? given(environment.HOST);
  const listenUrl = given(environment.DATABASE_LISTEN_URL);
  const bus = given(environment.SYNC_MAIA_BUS);
  const adminTokenFile = given(environment.ADMIN_TOKEN_FILE);
  const stateDirectory = values['state-dir'] ?? given(environment.STATE_DIR);
  return {
    kind: subcommand,
    logLevel: readLogLevel(given(environment.LOG_LEVEL)),
    options: {
      ...readPort(values.port, '--port'),
      ...(values.port === undefined && readPort(given(environment.PORT), 'PORT')),
      ...(host !== undefined && { host }),
      ...readAuthSettings(environment),
      ...readQuotaSettings(environment),
      ...readList('publicUrls', given(environment.PUBLIC_URLS)),
      ...readList('appIDs', given(environment.APP_IDS)),
      ...readList('origins', given(environment.CORS_ORIGINS)),
      ...(readSwitch('SYNC_MAIA_OPEN', undefined, environment) && { open: true }),
      ...readNumber('metricsPort', 'METRICS_PORT', environment),
      ...readNumber('adminPort', 'ADMIN_PORT', environment),
      ...(adminTokenFile !== undefined && { adminTokenFile }),
      storage: readStorage(values.storage, environment),
      ...(listenUrl !== undefined && { listenUrl }),
      ...(bus !== undefined && { bus }),
      ...(stateDirectory !== undefined && { stateDirectory }),
      ...(readSwitch('SYNC_MAIA_TRUST_PROXY', values['trust-proxy'], environment) && { trustProxy: true }),
      ...(readSwitch('SYNC_MAIA_INSPECT', values.inspect, environment) && { inspect: true }),
      ...readNumber('commitLanes', 'COMMIT_LANES', environment),
      ...readNumber('databaseLockMs', 'DATABASE_LOCK_MS', environment),
      ...readNumber('memoryMB', 'MEMORY_MB', environment, ['--memory-mb', values['memory-mb']]),
      ...readLimitSettings(values.limit, given(environment.SYNC_MAIA_LIMITS)),
      ...readNumber('statementMs', 'DATABASE_STATEMENT_MS', environment),
      ...readNumber('diskReserveMB', 'DISK_RESERVE_MB', environment),
      ...readNumber('backupDays', 'BACKUP_DAYS', environment),
      ...readMinAppVersion(values['min-app-version'], given(environment.SYNC_MAIA_MIN_APP_VERSION)),
      ...readNumber('drainDelayMs', 'DRAIN_DELAY_MS', environment),
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
        'state-dir': { type: 'string' },
        limit: { type: 'string', multiple: true },
        'memory-mb': { type: 'string' },
        'min-app-version': { type: 'string' },
        'trust-proxy': { type: 'boolean' },
        app: { type: 'string' },
        inspect: { type: 'boolean' },
        'no-wal': { type: 'boolean' },
        reason: { type: 'string' },
        until: { type: 'string' },
        bytes: { type: 'string' },
        'co-values': { type: 'string' },
        default: { type: 'boolean' },
        'dry-run': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'v' },
      },
    });
  } catch (cause) {
    // Node's further sentences do not apply, or have quotes that do not match.
    const [reason = ''] = (cause instanceof Error ? cause.message : String(cause)).split(/\.(?:\s|$)/);
    throw invalid(`${reason}. Run \`maia-relay --help\` for the options.`, cause);
  }
}

function readPort(text: string | undefined, setting: string): { port?: number } {
  if (text === undefined) return {};
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw invalid(`${setting} is ${JSON.stringify(text)}; expected a number from 0 to 65535.`);
  }
  return { port: Number(text) };
}

/** A flag with a value overrides the variable. */
function readNumber<Name extends keyof RelayOptions>(
  option: Name,
  variable: string,
  environment: Environment,
  [flag, value]: readonly [flag?: string, value?: string | undefined] = [],
): { [Key in Name]?: number } {
  const text = value ?? given(environment[variable]);
  if (text === undefined) return {};
  if (/^\d{1,9}$/.test(text)) return { [option]: Number(text) } as { [Key in Name]?: number };
  const setting = value === undefined ? variable : flag;
  throw invalid(`${setting} is ${JSON.stringify(text)}; expected a number.`);
}

function readList(
  option: 'origins' | 'publicUrls' | 'appIDs',
  text: string | undefined,
): Pick<RelayOptions, 'origins' | 'publicUrls' | 'appIDs'> {
  return text === undefined ? {} : { [option]: text.split(',').map((one) => one.trim()) };
}

function readApp(appID: string | undefined, subcommand: string): { readonly appID?: string } {
  if (appID === undefined) return {};
  if (!['export', 'import', 'epoch', 'admin'].includes(subcommand))
    throw invalid(
      '--app is only valid with export, import, epoch and admin. APP_IDS lists the apps that are served.',
    );
  if (!isAppID(appID)) throw invalid('--app is not the ID of an app. Use one of those in APP_IDS.');
  return { appID };
}

function readAuthSettings(environment: Environment): Pick<RelayOptions, 'auth'> {
  const jwksUrl = given(environment.JWKS_URL);
  const issuer = given(environment.JWT_ISSUER);
  const audience = given(environment.JWT_AUDIENCE);
  const account = readSwitch('SYNC_MAIA_ACCOUNT_AUTH', undefined, environment);
  if (jwksUrl === undefined && issuer === undefined && audience === undefined && !account) return {};
  return {
    auth: {
      ...(jwksUrl !== undefined && { jwksUrl }),
      ...(issuer !== undefined && { issuer }),
      ...(audience !== undefined && { audience }),
      ...(account && { account }),
    },
  };
}

function readQuotaSettings(environment: Environment): Pick<RelayOptions, 'quota'> {
  const bytes = readQuotaSetting('QUOTA_BYTES', environment);
  const coValues = readQuotaSetting('QUOTA_COVALUES', environment);
  if (bytes === undefined && coValues === undefined) return {};
  return { quota: { ...(bytes !== undefined && { bytes }), ...(coValues !== undefined && { coValues }) } };
}

function readQuotaSetting(variable: string, environment: Environment): number | undefined {
  const text = given(environment[variable]);
  if (text === undefined) return undefined;
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw invalid(
    `${variable} is ${JSON.stringify(text)}; expected an integer from 0 to ${Number.MAX_SAFE_INTEGER}.`,
  );
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
      const found = text === '' ? 'has nothing before or after a comma' : `is ${JSON.stringify(text)}`;
      const expected = name === undefined ? 'expected NAME=NUMBER' : `there is no limit ${name}`;
      throw invalid(`${setting} ${found}; ${expected}. Run \`maia-relay --help\` for the names.`);
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
