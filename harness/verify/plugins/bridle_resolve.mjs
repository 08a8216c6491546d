// The hooks of a Node that has none in its own thread: tells the thread that asked what its imports resolve to.

let port

export function initialize(data) {
  port = data.port
}

export async function resolve(specifier, context, next) {
  const found = await next(specifier, context)
  port.postMessage(found.url)
  return found
}
