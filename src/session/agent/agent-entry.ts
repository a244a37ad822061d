// Imported only by `agent-session.ts`, dynamically, so that it becomes a separate chunk.
export { createAgentPlatform } from './agent-platform.ts';
export { openAgent } from './open-agent-session.ts';
