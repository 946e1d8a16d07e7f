/** The least a chat server can do: lines of one client go to every socket of its room, each with a write of its own. */
import { type AddressInfo, createServer, type Socket } from 'node:net'

const NEWLINE = 0x0a
const rooms = new Map<string, Set<Socket>>()

const server = createServer({ noDelay: true }, (socket) => {
  let room: Set<Socket> | undefined
  let rest: Buffer = Buffer.alloc(0)
  socket.on('error', () => socket.destroy())
  socket.on('close', () => room?.delete(socket))
  socket.on('data', (chunk) => {
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE)) {
      const line = bytes.subarray(0, end + 1)
      bytes = bytes.subarray(end + 1)
      if (room) for (const member of room) member.write(line)
      else {
        const name = line.toString('latin1')
        room = rooms.get(name) ?? new Set()
        rooms.set(name, room.add(socket))
        socket.write('joined\n')
      }
    }
    rest = bytes
  })
})
server.listen(0, '127.0.0.1', 1024, () => console.log((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit(0))
