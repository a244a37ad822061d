// The constraints of HAR 1.2 (required fields and types) from npm's `har-schema`, some thirty in all. That
// package dates from 2017 and uses a draft of JSON Schema that today's validators do not support.

type Check = (value: unknown, path: string) => readonly string[];

const string: Check = (value, path) => (typeof value === 'string' ? [] : [`${path} is no string`]);
const integer: Check = (value, path) => (Number.isInteger(value) ? [] : [`${path} is no integer`]);
const atLeast =
  (least: number): Check =>
  (value, path) =>
    typeof value === 'number' && value >= least ? [] : [`${path} is no number from ${least} on`];
const pattern =
  (expected: RegExp): Check =>
  (value, path) =>
    typeof value === 'string' && expected.test(value) ? [] : [`${path} has another form`];
const listOf =
  (each: Check): Check =>
  (value, path) =>
    Array.isArray(value)
      ? value.flatMap((item: unknown, index) => each(item, `${path}[${index}]`))
      : [`${path} is no list`];
/** Keys with `?` are optional; keys not listed, such as those with `_`, are allowed. */
const object =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${path} is no object`];
    const record = value as Readonly<Record<string, unknown>>;
    return Object.entries(checks).flatMap(([name, check]) => {
      const key = name.replace('?', '');
      const own = `${path}.${key}`.replace(/^\./, '');
      if (record[key] === undefined) return name.endsWith('?') ? [] : [`${own} is missing`];
      return check(record[key], own);
    });
  };

const dateTime = pattern(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
const url: Check = (value, path) =>
  typeof value === 'string' && URL.canParse(value) ? [] : [`${path} is no URL`];
const nameAndValue = object({ name: string, value: string, 'comment?': string });
const message = {
  httpVersion: string,
  cookies: listOf(nameAndValue),
  headers: listOf(nameAndValue),
  headersSize: integer,
  bodySize: integer,
  'comment?': string,
};

const har = object({
  log: object({
    version: pattern(/^1\.2$/),
    creator: object({ name: string, version: string, 'comment?': string }),
    'comment?': string,
    entries: listOf(
      object({
        startedDateTime: dateTime,
        time: atLeast(0),
        request: object({ method: string, url, queryString: listOf(nameAndValue), ...message }),
        response: object({
          status: integer,
          statusText: string,
          redirectURL: string,
          content: object({ size: integer, mimeType: string, 'text?': string }),
          ...message,
        }),
        cache: object({}),
        timings: object({ send: atLeast(-1), wait: atLeast(-1), receive: atLeast(-1) }),
        'comment?': string,
        // Chrome's additions to the schema.
        '_webSocketMessages?': listOf(
          object({ type: pattern(/^(send|receive)$/), time: atLeast(0), opcode: integer, data: string }),
        ),
      }),
    ),
  }),
});

export function problemsOfHar(value: unknown): readonly string[] {
  return har(value, '');
}
