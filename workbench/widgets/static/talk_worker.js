// The thread of a talk's websocket: frames pass between it and the audio thread, so that a page
// that is busy drops none. The first message out is the token.

const BACKLOG = 3200; // bytes that a slow server may leave: 200 ms; more is thrown away

onmessage = ({ data: { url, token, line } }) => {
  const socket = new WebSocket(url);
  let joined = false;
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    socket.send(token);
    line.onmessage = ({ data }) => { if (socket.bufferedAmount < BACKLOG) socket.send(data); };
  };
  socket.onmessage = ({ data }) => {
    if (!joined) postMessage({ kind: "joined" });
    joined = true;
    if (data instanceof ArrayBuffer) line.postMessage(data, [data]);
  };
  socket.onclose = ({ reason }) => postMessage({ kind: "closed", joined, reason });
};
