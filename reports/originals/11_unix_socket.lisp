;; An echo server on a UNIX socket and a client of it, both in one loop.

(ql:quickload '(:cl-async :babel))

;; [data] The functions are those of TCP: a socket is a socket.
(defun echo (socket data)
  (as:write-socket-data socket data))

;; [ask] Asks once and prints the answer; the question goes along with the connecting.
(defun ask (path question)
  ;; [client] The answer may come in pieces; what has come is kept by the closure.
  (let ((so-far ""))
    (as:pipe-connect path
                     (lambda (socket data)
                       (setf so-far (concatenate 'string so-far (babel:octets-to-string data)))
                       (when (>= (length so-far) (length question))
                         (format t "the client got: ~a~%" so-far)
                         (as:close-socket socket)))
                     :data question
                     ;; [lost] Whoever waits must learn that nothing will come any more.
                     :event-cb (lambda (event)
                                 (format *error-output* "the client: ~a~%" event)))))

(defun serve (path)
  (as:with-event-loop ()
    ;; [listen] Signals an error if the path exists: it may be another server's.
    (as:pipe-server path #'echo)
    (ask path "hello")
    ;; [stop] The file goes with the listener.
    (as:signal-handler as:+sigterm+ (lambda (signo)
                                      (declare (ignore signo))
                                      (as:exit-event-loop)))))

(serve "/tmp/echo.sock")
