// What the SIP library's types need of a module that comes without any. Where
// Node's types are, they have it.
declare module 'events' {
  export class EventEmitter<T = unknown> {
    on(type: string, listener: (...given: never[]) => void): this;
    off(type: string, listener: (...given: never[]) => void): this;
  }
}
