;; A protocol of lines: PING -> PONG, ECHO text -> text, QUIT -> BYE and the end. A line of more than 1024 octets and a
;; client that is idle end the connection, each with a word of why.

(ql:quickload '(:cl-async :babel))

(defparameter *longest-line* 1024)
(defparameter *idle-limit* 10)

;; [state] One client's session hangs on its socket's data.
(defstruct session
  (unfinished "")
  timer)

;; [close] The text is sent first, however long the client lets us wait for that: a graceful close has no limit, and a
;; second, forced close after it does nothing.
(defun say-and-close (socket text)
  (as:free-event (session-timer (as:socket-data socket)))
  (as:write-socket-data socket text)
  (as:close-socket socket))

;; [answer] What is written in one turn of the loop is gathered: many answers, one system call.
(defun obey (socket line)
  (flet ((answer (control &rest arguments)
           (as:write-socket-data socket (apply #'format nil control arguments))))
    (cond ((string= line "PING") (answer "PONG~%"))
          ((eql (mismatch "ECHO " line) 5) (answer "~a~%" (subseq line 5)))
          ((string= line "QUIT") (say-and-close socket (format nil "BYE~%")))
          (t (answer "ERR unknown command~%")))))

;; [timer] A timer can be moved: this one starts anew.
(defun watch-idleness (session)
  (as:remove-event (session-timer session))
  (as:add-event (session-timer session) :timeout *idle-limit*))

;; [data] A line may come in pieces and many may come at once. What has no end yet is kept for the next call.
(defun read-data (socket data)
  (let* ((session (as:socket-data socket))
         (text (concatenate 'string (session-unfinished session)
                            (babel:octets-to-string data :encoding :latin-1))))
    (watch-idleness session)
    (loop for end = (position #\Newline text)
          while (and end (not (as:socket-closed-p socket)))
          do (let ((line (string-right-trim '(#\Return) (subseq text 0 end))))
               (if (> (length line) *longest-line*)
                   (say-and-close socket (format nil "ERR line too long~%"))
                   (obey socket line)))
             (setf text (subseq text (1+ end))))
    (setf (session-unfinished session) text)
    (when (and (> (length text) (1+ *longest-line*)) (not (as:socket-closed-p socket)))  ; 1+: a CR
      (say-and-close socket (format nil "ERR line too long~%")))))

;; [made] A client has to say something, too, or the session would last for ever.
(defun connected (socket)
  (setf (as:socket-data socket)
        (make-session :timer (as:delay (lambda () (say-and-close socket (format nil "ERR timeout~%")))
                               :time *idle-limit*))))

;; [lost] The timer does not own the socket: it would fire for one that is gone. Our own close is not told here, so
;; `say-and-close` frees the timer as well.
(defun handle-event (event)
  (let* ((socket (as:tcp-socket event))
         (timer (session-timer (as:socket-data socket))))
    (unless (as:event-freed-p timer) (as:free-event timer))))

;; [slow] cl-async has no such thing: the answers pile up for a client that does not read them.

(as:with-event-loop ()
  (as:tcp-server "127.0.0.1" 8888 #'read-data :connect-cb #'connected :event-cb #'handle-event)
  (as:signal-handler as:+sigterm+ (lambda (signo) (declare (ignore signo)) (as:exit-event-loop))))
