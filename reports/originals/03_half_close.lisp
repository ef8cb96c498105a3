;; The client says all it has to say and ends its direction; only then could there be an answer. In cl-async there can
;; be none: the end of data closes the socket. So this is as near as it comes, an answer after an empty line.

(ql:quickload :cl-async)

(defparameter *work-time* 1/2)

;; [state] The counts of one client hang on its socket's data, and so does the work that is under way for it.
(defstruct counts
  (octets 0)
  (lines 0)
  work)

;; [answer] `close-socket` sends what was written first; then the client reads its end of file.
(defun answer (socket)
  (let ((all (as:socket-data socket)))
    (as:write-socket-data socket (format nil "~d lines, ~d octets~%" (counts-lines all) (counts-octets all)))
    (as:close-socket socket)))

;; [data] Nothing is kept but the counts. An empty line stands for the end that we cannot answer after.
(defun read-data (socket data)
  (let ((all (as:socket-data socket))
        (end (search #(10 10) data)))
    (incf (counts-octets all) (length data))
    (incf (counts-lines all) (count 10 data))
    (when (and end (null (counts-work all)))
      (as:write-socket-data socket (format nil "counting~%"))
      (setf (counts-work all) (as:delay (lambda () (answer socket)) :time *work-time*)))))

;; [eof] cl-async has closed the socket when it tells the end of data: whatever is written now is lost.
(defun handle-event (event)
  ;; [lost] The timer does not own the socket, so it is freed.
  (let ((work (counts-work (as:socket-data (as:tcp-socket event)))))
    (when (and work (not (as:event-freed-p work)))
      (as:free-event work))))

;; [listen] There is no option for half-open sockets.
(as:with-event-loop ()
  (as:tcp-server "127.0.0.1" 8888 #'read-data
                 :connect-cb (lambda (socket) (setf (as:socket-data socket) (make-counts)))
                 :event-cb #'handle-event))
