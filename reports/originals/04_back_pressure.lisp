;; A server with more to say than its clients may want to hear: the numbers from 1 to COUNT, a line each. cl-async has
;; no water marks; its `write-cb` says that the kernel has taken what was written, which is the only brake there is.

(ql:quickload :cl-async)

(defparameter *count* 10000000)
(defparameter *block* 500)  ; lines made at a time

;; [state] How far this client has come: on its socket's data.

;; [tell] One block. The next is made when this one is gone, so at most one waits, and the wire may run dry between
;; two of them.
(defun produce (socket)
  (let* ((next (as:socket-data socket))
         (end (min (+ next *block*) (1+ *count*))))
    (setf (as:socket-data socket) end)
    (as:write-socket-data socket
                          (with-output-to-string (block)
                            (loop for number from next below end do (format block "~d~%" number)))
                          ;; [slow] No pause, no resume: the callback of the write is all there is.
                          :write-cb #'written)))

(defun written (socket)
  (unless (as:socket-closed-p socket)
    (if (<= (as:socket-data socket) *count*)
        (produce socket)
        (as:close-socket socket))))

;; [made] We begin: nobody has to ask.
(defun connected (socket)
  (setf (as:socket-data socket) 1)
  (produce socket))

;; [eof] The end of data closes the socket: a client that has nothing to say hears no more than what was written.
(defun handle-event (event)
  ;; [lost] Nothing is to be stopped: without a `write-cb` nothing more is made.
  (declare (ignore event)))

(as:with-event-loop ()
  (as:tcp-server "127.0.0.1" 8888 nil :connect-cb #'connected :event-cb #'handle-event))
