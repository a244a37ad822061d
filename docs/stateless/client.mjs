// A client without a connection: cojson encrypts, signs and merges in `node`, and `fetch` carries the changes.
// `url` is the address of a relay, such as https://relay.example.org/sync. Each request may reach another relay of the storage.

const wait = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000));

export function createStatelessClient({ node, url, clientId, fetch = globalThis.fetch }) {
  /** What the relay has of each CoValue, by its answers. */
  const accepted = new Map();
  /** The CoValues that were pulled, and how far all of them were. */
  const pulled = new Set();
  let cursor;
  let token;

  async function ask(path, init, mayRetry = true) {
    const headers = { 'content-type': 'application/json', 'x-client-id': clientId };
    if (token) headers.authorization = `Bearer ${token}`;
    const response = await fetch(url + path, { ...init, headers });
    if (response.status === 401 && mayRetry) return signIn().then(() => ask(path, init, false));
    // Nothing is lost and nothing is stored twice if a request is repeated.
    if (response.status === 429 || response.status === 503)
      return wait(Number(response.headers.get('retry-after') ?? 1)).then(() => ask(path, init, mayRetry));
    const body = await response.json();
    if (response.ok || body.resync) return body;
    throw Object.assign(new Error(body.error.message), { code: body.error.code, ...body });
  }
  const post = (path, body, mayRetry) => ask(path, { method: 'POST', body: JSON.stringify(body) }, mayRetry);

  async function signIn() {
    token = undefined;
    const { nonce } = await post('/nonce', {}, false);
    const audience = url.replace(/^http/, 'ws');
    const [accountID, sessionID] = [node.getCurrentAccountOrAgentID(), node.currentSessionID];
    const proof = { typ: 'maia-auth/1', nonce, audience, accountID, sessionID };
    const agent = node.getCurrentAgent();
    const signature = node.crypto.sign(agent.currentSignerSecret(), proof);
    ({ token } = await post('/token', { proof, agentID: agent.currentAgentID(), signature }, false));
  }

  /** With what they depend on: their groups, and the accounts of other authors. */
  function withDependencies(ids, found = new Set()) {
    for (const id of ids)
      if (!found.has(id)) withDependencies(node.getCoValue(id).getDependedOnCoValues(), found.add(id));
    return found;
  }

  function note(id, sessions) {
    accepted.set(id, { id, header: true, sessions: { ...accepted.get(id)?.sessions, ...sessions } });
  }

  /** The content that the relay lacks of a CoValue, without the sessions that it refuses. */
  function contentOf(id, refused) {
    return (node.getCoValue(id).newContentSince(accepted.get(id)) ?? []).flatMap((change) => {
      const sessions = Object.entries(change.new).filter(([sessionID]) => !refused.has(id + sessionID));
      return change.header || sessions.length > 0 ? { ...change, new: Object.fromEntries(sessions) } : [];
    });
  }

  /**
   * Sends what the relay lacks of these CoValues. It stores all of it or nothing. It leaves out refused edits of others, such as of an account
   * that was erased. 409, 422 and another 403 are thrown, with their details.
   */
  async function push(...ids) {
    return pushWithout(new Set(), ids);
  }

  async function pushWithout(refused, ids) {
    const me = node.getCurrentAccountOrAgentID();
    const all = [...withDependencies([...ids, me])].filter((id) => !refused.has(id));
    const changes = all.flatMap((id) => contentOf(id, refused));
    try {
      const answer = await post('', { clientId, since: null, collections: [], changes });
      for (const { id, sessions } of answer.accepted) note(id, sessions);
      return answer;
    } catch (error) {
      const named = error.sessions ?? error.ids?.map((id) => ({ id, sessionID: '' })) ?? [];
      const isOthers = ({ id, sessionID }) =>
        sessionID ? !sessionID.startsWith(me) : id !== me && !ids.includes(id);
      if (error.code !== 'forbidden' || named.length === 0 || !named.every(isOthers)) throw error;
      for (const { id, sessionID } of named) refused.add(id + sessionID);
      return pushWithout(refused, ids);
    }
  }

  async function pullSince(ids, since) {
    const query = new URLSearchParams({ ids: ids.join(','), ...(since && { since }) });
    const answer = await ask(`/pull?${query}`, {});
    if (answer.resync) {
      // Another storage, or an earlier state of it.
      accepted.clear();
      return pullSince(ids);
    }
    for (const change of answer.serverChanges) {
      node.syncManager.handleNewContent(change, 'import');
      const ends = Object.entries(change.new).map(([id, { after, newTransactions }]) => [
        id,
        after + newTransactions.length,
      ]);
      note(change.id, Object.fromEntries(ends));
    }
    return answer.more ? pullSince(ids, answer.syncedUntil) : answer.syncedUntil;
  }

  /** Gets what is new of these CoValues, and of those pulled before. What is pulled later may keep an earlier cursor. */
  async function pull(...ids) {
    if (pulled.size > 0) cursor = await pullSince([...pulled], cursor);
    const added = ids.filter((id) => !pulled.has(id));
    if (added.length === 0) return;
    const first = await pullSince(added);
    cursor ??= first;
    for (const id of added) pulled.add(id);
  }

  /** Calls `changed` whenever there is something to pull of what these groups own, first when it listens. Returns how to stop. */
  function listen(collections, changed, open = (address) => new WebSocket(address)) {
    let socket;
    function connect() {
      socket = open(url.replace(/^http/, 'ws').replace('/sync', '/ws'));
      socket.onopen = () => socket.send(JSON.stringify({ type: 'auth', token, clientId, collections }));
      socket.onmessage = ({ data }) => /"(auth-ok|sync-available)"/.test(data) && changed();
      socket.onclose = async ({ code }) => {
        // Nothing is gained by asking again if the collection may not be listed.
        if (!socket || [4400, 4403, 4404].includes(code)) return;
        await (code === 4401 ? signIn() : wait(1)).catch(() => wait(10));
        if (socket) connect();
      };
    }
    connect();
    return () => {
      socket.close();
      socket = undefined;
    };
  }

  return { push, pull, listen };
}
